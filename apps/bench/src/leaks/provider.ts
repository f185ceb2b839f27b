/** A provider that does all a client has to bear, by the path it is asked for. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.on('error', () => {});
  response.on('error', () => {});
  switch (request.url ?? '/') {
    case '/bad':
      response.writeHead(503).end();
      break;
    case '/silent':
      break;
    case '/broken':
      response.write('the beginning');
      setTimeout(() => response.destroy(), 5);
      break;
    case '/large':
      response.end(large);
      break;
    default:
      request.resume().on('end', () => void response.end('hello world'));
  }
});
const large = Buffer.alloc(256 * 1024);
// Shorter than the balancer keeps its own, so that connections are closed under it now and then.
server.keepAliveTimeout = 1000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});
process.on('disconnect', () => process.exit());
