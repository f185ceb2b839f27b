import { register } from '@lb/registry';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A provider that notes down what it sees, as the service "recorder". */
export class Recorder implements AsyncDisposable {
  /** Requests whose head came, and those that came to their end. */
  begun = 0;
  readonly whole: Recorded[] = [];
  readonly #stack: AsyncDisposableStack;

  private constructor(stack: AsyncDisposableStack) {
    this.#stack = stack;
  }

  static async start(etcdHosts: string): Promise<Recorder> {
    const stack = new AsyncDisposableStack();
    const recorder = new Recorder(stack);
    const server = createServer((request, response) => {
      // What consumers ask by themselves, when they wonder whether it is still there.
      if (request.url === '/livez') {
        response.end();
        return;
      }
      recorder.begun += 1;
      request.on('error', () => {});
      void recorder.#take(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stack.defer(() => void (server.closeAllConnections(), server.close()));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    stack.use(
      await register({ hosts: etcdHosts, service: 'recorder', endpoint: { origin: `http://127.0.0.1:${port}` } }),
    );
    return recorder;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await text(request).catch(() => undefined);
    // What broke off was not given to it whole.
    if (body === undefined) return;
    this.whole.push({ method, url, body });
    response.end('recorded');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
