import { expect, it, vi } from 'vitest';
import { seedHistory } from './growth.seed.js';
import { shareExplainingPostgres } from './growth.setup.js';

const postgres = shareExplainingPostgres();

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

it.each(['A-500', '17'])('a search by metadata for %s reads a few pages of a long history', async (orderId) => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, 20_000);
  await database.admin.query(
    `UPDATE notifications SET metadata = '{"orderId":17}' WHERE metadata->>'orderId' = 'A-1000'`,
  );
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const { executions, result } = await service.executions.during(() =>
    service.api.get<{ items: object[] }>(`/v1/notifications?metadata[orderId]=${orderId}`),
  );
  expect(result.body.items).toHaveLength(1);
  const [search] = executions.filter(({ text }) => text.includes('metadata'));
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(30);
});

const DAY_MS = 86_400_000;

it.each([
  ['until long ago', 'until', 25 * DAY_MS, 'sms'],
  ['of the last day, of which there are none', 'from', DAY_MS, 'voice'],
])('a search %s reads a few pages of a long history', async (_, bound, ago, channel) => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, 20_000);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const moment = new Date(Date.now() - ago);
  const { executions, result } = await service.executions.during(() =>
    service.api.get<{ items: { createdAt: string }[] }>(
      `/v1/notifications?limit=10&channel=${channel}&${bound}=${moment.toISOString()}`,
    ),
  );
  expect(result.body.items).toHaveLength(channel === 'sms' ? 10 : 0);
  for (const { createdAt } of result.body.items) expect(new Date(createdAt) < moment).toBe(true);
  const [search] = executions.filter(({ text }) => text.includes('created_at'));
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(100);
});
