/** Loaded before an example that serves: asks its process to end, as a supervisor would, a moment after it listens. */
import { subscribe } from 'node:diagnostics_channel';

subscribe('tracing:net.server.listen:asyncEnd', () => {
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1000);
});
