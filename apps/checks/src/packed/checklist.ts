/** Runs checks one after another, says how each went, and goes on after one that failed, so that one run shows all. */
export class Checklist {
  #failed = 0;

  get failed(): number {
    return this.#failed;
  }

  async check(what: string, run: () => unknown): Promise<void> {
    try {
      await run();
      process.stdout.write(`ok      ${what}\n`);
    } catch (error) {
      this.#failed += 1;
      const said = error instanceof Error ? error.message : String(error);
      process.stdout.write(`FAILED  ${what}\n${said.trimEnd().replaceAll(/^/gm, '        ')}\n`);
    }
  }
}
