import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startSimulator } from '../src/simulator/simulator.server.js';
import { shareExplainingPostgres, type GrowthDatabase, type ObservedService } from './growth.setup.js';

const SENDS = 1000;
const BATCH = 100;

const postgres = shareExplainingPostgres();

async function walPosition({ admin }: GrowthDatabase): Promise<number> {
  const { rows } = await admin.query<{ bytes: number }>(`SELECT (pg_current_wal_lsn() - '0/0')::float8 AS bytes`);
  return rows[0]?.bytes ?? 0;
}

async function untilDelivered({ admin }: GrowthDatabase, count: number): Promise<void> {
  const delivered = `SELECT count(*)::int AS count FROM notifications WHERE status = 'delivered'`;
  await vi.waitFor(async () => expect((await admin.query(delivered)).rows).toEqual([{ count }]), {
    timeout: 60_000,
    interval: 100,
  });
}

/** What runs by the clock, however little there is to do: how often it does depends on how busy this machine is. */
async function statementsOfAnIdle({ executions }: ObservedService): Promise<ReadonlySet<string>> {
  const texts: string[] = [];
  while (texts.length < 50) {
    const idle = await executions.during(() => sleep(200));
    texts.push(...idle.executions.map(({ text }) => text));
  }
  return new Set(texts);
}

function batch(first: number) {
  const notifications = Array.from({ length: BATCH }, (_, n) => ({
    to: `+1555${1_000_000 + first + n}`,
    channels: ['sms'],
    body: `Your order ${n} is on its way and arrives tomorrow before noon.`,
    idempotencyKey: `order-${first + n}`,
  }));
  return { notifications };
}

it('accepts, sends and follows notifications to delivered with less than a statement and 8 kB of WAL for each', async () => {
  const simulator = await startSimulator({ stepMs: 5 });
  onTestFinished(() => simulator.close());
  const database = await postgres().createDatabase();
  const service = await database.serve({ ROLE: 'all', TWILIO_BASE_URL: simulator.url });
  const byTheClock = await statementsOfAnIdle(service);
  const before = await walPosition(database);
  const { executions } = await service.executions.during(async () => {
    const batches = Array.from({ length: SENDS / BATCH }, (_, index) => batch(index * BATCH));
    await Promise.all(batches.map((body) => service.api.post('/v1/notifications/batch', body)));
    await untilDelivered(database, SENDS);
  });
  // Accepted, leased, sent, and three callbacks: six writes of several rows each, were they not grouped.
  const spent = executions.filter(({ text, walBytes }) => walBytes > 0 || !byTheClock.has(text));
  expect(spent.length / SENDS).toBeLessThan(1);
  expect(spent.length).toBeGreaterThan(0);
  expect(((await walPosition(database)) - before) / SENDS).toBeLessThan(8000);
});
