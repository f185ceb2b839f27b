/** Answers everything with a greeting, in a process of its own. */
import { createServer } from 'node:http';

const server = createServer((_request, response) => void response.end('hello world'));
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
process.on('disconnect', () => process.exit());
