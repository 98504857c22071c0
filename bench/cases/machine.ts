import { flushesPerSecond, insertedPerSecond } from '../limits/machine.js';
import type { BenchCase } from './case.js';
import { CONNECTIONS, PER_SECOND } from './measure.js';

/** What this machine gives at most; nothing above can be faster. */
export const machine: BenchCase = {
  name: 'machine',
  title: 'What the machine gives',
  targets: [],
  async run({ stage, sizes }) {
    const seconds = sizes.loadSeconds / 2;
    await stage.provider.call('reset', { latencyMs: 0 });
    const client = await stage.load.call('closedLoop', {
      url: stage.provider.url,
      client: 'undici',
      connections: CONNECTIONS,
      requests: { kind: 'messages' },
      seconds,
      most: 1_000_000,
    });
    return {
      'pages of 8 kB flushed to disk': { [PER_SECOND]: await flushesPerSecond(seconds) },
      'rows inserted, 1 in a statement': { [PER_SECOND]: await insertedPerSecond(stage, 1, seconds) },
      'rows inserted, 100 in a statement': { [PER_SECOND]: await insertedPerSecond(stage, 100, seconds) },
      'rows inserted, 1,000 in a statement': { [PER_SECOND]: await insertedPerSecond(stage, 1000, seconds) },
      'requests to the provider by undici, 64 at a time': { [PER_SECOND]: client.count / client.seconds },
    };
  },
};
