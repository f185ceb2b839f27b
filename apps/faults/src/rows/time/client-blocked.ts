import { most, type Row } from '../../row.ts';

const blockedMs = 1500;

export const clientBlocked: Row = {
  name: 'time/client-blocked',
  fault: 'The event loop of the client is blocked for 1.5 s, longer than an attempt may take',
  promise: '0 failed; nobody is ejected for what the client itself was late with',
  async run(stage) {
    const { client } = await stage.system();
    const { history, at } = await stage.under({
      client,
      // What came in meanwhile is sent at once, and has to fit in what may wait.
      load: { perSecond: 100, methods: 'get' },
      fault: () => client.block(blockedMs),
      forMs: 0,
      thenMs: 3000,
    });
    const ejected = history.events('eject', at);
    return [
      most('failed', 0, history.failed().length, history.failures()),
      most('ejections', 0, ejected.length, ejected.map(({ about }) => about).join(', ')),
    ];
  },
};
