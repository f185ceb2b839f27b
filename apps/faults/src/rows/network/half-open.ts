import { most, type Row, within } from '../../row.ts';
import { attemptTimeoutMs } from '../provider/frozen.ts';
import { Namespace } from './namespace.ts';

export const halfOpen: Row = {
  name: 'network/half-open',
  fault:
    'The path from one of two clients to one of 4 providers is lost for 4 s, for connections old and new, by the kernel and with nobody told (network namespace)',
  promise:
    '0 failed on either client; out within 600 ms (the time of an attempt + 100 ms) for the one; the other sends as ever; sockets of attempts that were given up are closed',
  needs: ['etcd', 'netns'],
  async run(stage) {
    const namespace = stage.use(new Namespace(1));
    const registry = await stage.registry({ everywhere: true });
    const hosts = `http://${namespace.host}:${registry.port}`;
    const providers = await Promise.all(
      [1, 2, 3, 4].map((number) =>
        stage.provider({ name: `p${number}`, hosts: registry.hosts, host: namespace.address(number) }),
      ),
    );
    const [victim] = providers;
    if (victim === undefined) throw new RangeError('There are four providers');
    const [cut, other] = await Promise.all([
      stage.client({ hosts: [hosts], netns: namespace.name, insecure: true }),
      stage.client({ hosts: [registry.hosts] }),
    ]);
    for (const client of [cut, other]) await client.until('4 providers', ({ ids }) => ids.length === 4, 20_000);
    await other.begin({ perSecond: 100, methods: 'get' });
    const { history, at, healedAt } = await stage.under({
      client: cut,
      load: { perSecond: 200, methods: 'get' },
      fault: () => namespace.lose(victim.host),
      forMs: 4000,
      heal: () => namespace.heal(victim.host),
      thenMs: 6000,
    });
    const { sockets } = await cut.look();
    const others = await other.end();
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most('failed on the other client', 0, others.failed().length, others.failures()),
      within('out of rotation', attemptTimeoutMs + 100, history.outOfRotation(victim.name, at) - at),
      within('back after the heal', 10_000, history.firstAnswer(victim.name, healedAt) - healedAt),
      most('ejections on the other client', 0, others.events('eject').length),
      most('sockets of the client', 64, sockets),
    ];
  },
};
