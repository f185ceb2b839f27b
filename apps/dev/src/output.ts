/** Lines on the terminal, each with the name of who said it. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const styles: readonly Style[] = ['cyan', 'magenta', 'blue', 'yellow', 'green'];
const width = 8;

export type Say = (line: string) => void;

/** A speaker of its own colour. Colours are left out where the terminal has none, and with NO_COLOR. */
export function speaker(name: string, index: number): Say {
  const style = styles[index % styles.length] ?? 'white';
  const prefix = styleText(style, `${name.padEnd(width)} │`, { stream: process.stdout });
  return (line) => void process.stdout.write(`${prefix} ${line}\n`);
}

/** What a line of a process's output says: the message, for a line of pino's JSON. */
export function messageOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const read: unknown = JSON.parse(line);
    if (typeof read !== 'object' || read === null || !('msg' in read) || typeof read.msg !== 'string') return line;
    const level = 'level' in read && typeof read.level === 'number' ? read.level : 0;
    return level >= 50 ? styleText('red', read.msg) : level >= 40 ? styleText('yellow', read.msg) : read.msg;
  } catch {
    return line;
  }
}
