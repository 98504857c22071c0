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
