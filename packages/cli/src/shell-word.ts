/** Whether a shell takes `word` for one plain word. An id may hold `$(…)`, and whoever wrote it would like to see it run. */
export function isPlainWord(word: string): boolean {
  return /^[\w@%+:,./=-]+$/.test(word) && !word.startsWith('-');
}

/** `word` as it has to stand in a command that is there to be copied. */
export function shellWord(word: string): string {
  return isPlainWord(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
