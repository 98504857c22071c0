import { SEND_CLIENTS, type SendClient, type SendCpuCalls } from '../limits/send-cpu.calls.js';
import { Program } from '../stage/program.js';
import { type BenchCase, ratio, type Row } from './case.js';
import { NODE_MICROS } from './measure.js';

const CONCURRENCY = 64;

export const sendCpu: BenchCase = {
  name: 'send-cpu',
  title: 'CPU of one send through HttpService and its interceptors',
  targets: [
    {
      statement: 'CPU of one send ≤ 0.3 × twilio-node’s',
      most: 0.3,
      of: (run) => ratio(run, NODE_MICROS, 'TwilioClient', 'twilio-node'),
    },
  ],
  async run({ stage, sizes }) {
    const measure = async (client: SendClient): Promise<Row> => {
      const args = [stage.provider.url, client];
      const cleanup = stage.cleanup.nested();
      try {
        const program = await Program.start<SendCpuCalls>(cleanup, 'limits/send-cpu.main', { args });
        await stage.provider.call('reset', { latencyMs: 0 });
        await program.call('send', { count: sizes.warmBacklog, concurrency: CONCURRENCY });
        return { [NODE_MICROS]: await program.call('send', { count: sizes.backlog / 2, concurrency: CONCURRENCY }) };
      } finally {
        await cleanup.run();
      }
    };
    const rows: Record<string, Row> = {};
    for (const client of SEND_CLIENTS) rows[client] = await measure(client);
    return rows;
  },
};
