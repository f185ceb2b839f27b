/** `pnpm provider NAME`: starts one provider of the picture by hand, as `pnpm dev` does. */
import { providerEnv, providers, usualPorts } from './cluster.ts';
import { freePort } from './ports.ts';

const name = process.argv[2];
const plan = providers.find((candidate) => candidate.name === name);
if (plan === undefined) {
  process.stderr.write(`Which one? ${providers.map((candidate) => candidate.name).join(', ')}\n`);
  process.exit(2);
}
const etcdHosts = process.env['ETCD_HOSTS'] ?? 'http://127.0.0.1:2379';
Object.assign(process.env, providerEnv(plan, etcdHosts, await freePort(plan.port, usualPorts)));
await import('@lb/provider/main');
