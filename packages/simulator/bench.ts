/**
 * How many requests a second the simulator simulates, on the machine at hand: three servers and one client, once for each of a few policies, and
 * a large cluster with what memory it takes. Prints counts and ratios; nothing here is compared in CI, where machines are shared.
 */
import { contenders, type Model, run, Simulation } from './src/index.ts';

const small: Model = {
  servers: [1, 2, 3].map((size) => ({ id: `size-${size}`, slots: 4 * size, weight: size })),
  clients: { count: 1 },
  load: { kind: 'open', perSecond: 2000 },
  service: { kind: 'exponential', meanMs: 10 },
  durationMs: 500_000,
};

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

print(`Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`);
for (const name of ['p2cLatency', 'p2c', 'smoothWeightedRoundRobin', 'centralQueue'] as const) {
  run({ ...small, durationMs: 50_000 }, contenders[name], { seed: 1 });
  const before = process.cpuUsage();
  const { requests } = run(small, contenders[name], { seed: 1 });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  // The warm-up of the model is none, so all requests count.
  print(`${name.padEnd(26)} ${(requests / seconds / 1e6).toFixed(2)} M requests a second of processor time`);
}

const [servers = 1000, clients = 100] = process.argv.slice(2).map(Number);
const large: Model = {
  servers: Array.from({ length: servers }, (_, index) => ({ id: `s${index}`, slots: 4 })),
  clients: { count: clients },
  load: { kind: 'open', perSecond: 100_000 },
  service: { kind: 'exponential', meanMs: 10 },
  durationMs: 2000,
};
const before = process.memoryUsage().rss;
const simulation = new Simulation(large, contenders.p2cLatency, { seed: 1 });
while (simulation.step(1_000_000));
const { requests } = simulation.result();
const bytes = process.memoryUsage().rss - before;
print(
  `${servers} servers x ${clients} clients: ${requests} requests, ${(bytes / 2 ** 20).toFixed(0)} MiB, ${(bytes / servers / clients).toFixed(0)} bytes for each pair`,
);
