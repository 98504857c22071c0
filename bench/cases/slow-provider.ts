import { BULLMQ, GRAPHILE_WORKER } from '../contenders/peer.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import { type Bench, type BenchCase, ratio, type Row } from './case.js';
import { drain, PER_SECOND } from './measure.js';
import { tour } from './tour.js';

const LATENCY_MS = 50;
const CONCURRENCY = 200;
const CLIENT_ALONE = 'undici alone';

export const slowProvider: BenchCase = {
  name: 'slow-provider',
  title: 'A backlog, one worker process, provider with 50 ms, 200 at a time',
  targets: [
    {
      statement: 'backlog at 50 ms ≥ 0.9 × Node’s fastest HTTP client alone',
      least: 0.9,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, CLIENT_ALONE),
    },
  ],
  async run(bench) {
    const { stage, sizes } = bench;
    const contenders = [POSTRIDER, ...(sizes.withOthers ? [GRAPHILE_WORKER, BULLMQ] : [])];
    const work = { role: 'work', concurrency: CONCURRENCY } as const;
    return {
      [CLIENT_ALONE]: await clientAlone(bench),
      ...(await tour(bench, contenders, work, (running) =>
        drain(stage, running, { warmUp: sizes.warmBacklog, count: sizes.backlog, latencyMs: LATENCY_MS }),
      )),
    };
  },
};

/** The same requests, with nobody who claims or records. */
async function clientAlone({ stage, sizes }: Bench): Promise<Row> {
  const send = async (most: number) =>
    await stage.load.call('closedLoop', {
      url: stage.provider.url,
      client: 'undici',
      connections: CONCURRENCY,
      requests: { kind: 'messages' },
      seconds: 60,
      most,
    });
  await stage.provider.call('reset', { latencyMs: 0 });
  await send(sizes.warmBacklog);
  await stage.provider.call('reset', { latencyMs: LATENCY_MS });
  const { count, seconds } = await send(sizes.backlog);
  return { [PER_SECOND]: count / seconds };
}
