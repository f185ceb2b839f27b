import { expect, it } from 'vitest';

import { readSnippets } from './snippet.ts';

const fence = '```';
const markdown = `# Title

${fence}ts with etcd
const a = 1;
console.log(a); // → 1
${fence}

${fence}sh
npm install
${fence}

- in a list:

  ${fence}ts continues
  console.log(a + 1); // → 2
  ${fence}

${fence}js types only
b();
${fence}
`;

it('finds what can be run, where it begins, and what it needs', () => {
  const [first, second, third, ...others] = readSnippets(markdown, ['ts', 'js']);
  expect(first).toEqual({
    language: 'ts',
    line: 4,
    code: 'const a = 1;\nconsole.log(a); // → 1\n',
    needs: ['etcd'],
    serves: false,
    typesOnly: false,
    prints: ['1'],
  });
  expect(second).toMatchObject({ line: 15, needs: ['etcd'], prints: ['1', '2'] });
  expect(second?.code).toBe(`${first?.code}console.log(a + 1); // → 2\n`);
  expect(third).toMatchObject({ language: 'js', needs: [], typesOnly: true });
  expect(others).toEqual([]);
});

it('refuses a word that means nothing, and a beginning that continues', () => {
  expect(() => readSnippets(`${fence}ts with zookeeper\n${fence}\n`, ['ts'])).toThrow('"zookeeper" means nothing');
  expect(() => readSnippets(`${fence}ts continues\n${fence}\n`, ['ts'])).toThrow('nothing to continue');
});
