/**
 * The examples of a Markdown file. What a reader does not see, but a test must know, stands behind the language of a fence:
 *
 * - `with etcd`: an etcd answers at http://127.0.0.1:2379; `with etcd hash`: and a service `hash` is registered in it.
 * - `continues`: the code follows the example before it, with its imports and variables.
 * - `serves`: it goes on until it is told to end, and then ends well.
 * - `types only`: it is compiled, and not run, because it needs what a test does not have.
 *
 * What an example prints stands in it behind `// →`.
 */
export interface Snippet {
  readonly language: string;
  /** Line of the file on which the code begins. */
  readonly line: number;
  readonly code: string;
  readonly needs: readonly string[];
  readonly serves: boolean;
  readonly typesOnly: boolean;
  /** Lines that it prints, in order, where it says so. */
  readonly prints: readonly string[];
}

const words = new Set(['with', 'etcd', 'hash', 'continues', 'serves', 'types', 'only']);

/** Examples in any of these languages. Throws on a word behind a language that means nothing. */
export function readSnippets(markdown: string, languages: readonly string[]): Snippet[] {
  const snippets: Snippet[] = [];
  for (const match of markdown.matchAll(/^( *)```(\w+)([^\n]*)\n(.*?)^\1```$/gms)) {
    const [, indent = '', language = '', info = '', text = ''] = match;
    if (!languages.includes(language)) continue;
    const line = markdown.slice(0, match.index).split('\n').length + 1;
    const marks = info.split(/\s+/).filter((word) => word !== '');
    const unknown = marks.find((word) => !words.has(word));
    if (unknown !== undefined) throw new Error(`line ${line}: "${unknown}" means nothing behind ${language}`);
    const own = text.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const before = marks.includes('continues') ? snippets.at(-1) : undefined;
    if (marks.includes('continues') && before === undefined)
      throw new Error(`line ${line}: there is nothing to continue`);
    const code = (before?.code ?? '') + own;
    snippets.push({
      language,
      line,
      code,
      needs: [...(before?.needs ?? []), ...marks.filter((word) => word === 'etcd' || word === 'hash')],
      serves: marks.includes('serves'),
      typesOnly: marks.includes('types'),
      prints: [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, said = '']) => said),
    });
  }
  return snippets;
}
