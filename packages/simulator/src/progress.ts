/** A bar on a terminal, and nothing anywhere else. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #shown = '';

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** `share` is how much is done, from 0 to 1. */
  show(share: number, label: string): void {
    if (!this.#stream.isTTY) return;
    const filled = Math.round(share * barLength);
    const line = `${'█'.repeat(filled)}${'░'.repeat(barLength - filled)} ${String(Math.floor(share * 100)).padStart(3)} % ${label}`;
    if (line === this.#shown) return;
    this.#shown = line;
    this.#stream.write(`\r\u001b[K${line}`);
  }

  clear(): void {
    if (this.#shown !== '') this.#stream.write('\r\u001b[K');
    this.#shown = '';
  }
}

const barLength = 30;
