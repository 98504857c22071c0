import { expect, it, vi } from 'vitest';
import { seedHistory } from './growth.seed.js';
import { shareExplainingPostgres } from './growth.setup.js';

const postgres = shareExplainingPostgres();

type Listed = { items: { id: string }[]; nextCursor: string | null };

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
  const [latest, search] = executions.filter(({ text }) => text.includes('metadata'));
  expect(latest?.rows).toBeLessThan(2000 * 5);
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(30);
});

it.each([
  ['', 2000],
  ['status=delivered&', 2000],
  ['status=failed&', 20_000],
  ['from=<six hours ago>&', 2000],
])(
  'two pages (%s) of what half of a long history carries as metadata are among its latest %i',
  async (filters, latest) => {
    const database = await postgres().createDatabase({ autovacuum: false });
    await seedHistory(database.admin, 20_000);
    await database.admin.query(`
    UPDATE notifications SET metadata = '{"tenant":"acme"}', status = CASE nth % 160 WHEN 0 THEN 'failed' ELSE status END
    FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS nth FROM notifications) AS numbered
    WHERE numbered.id = notifications.id AND nth % 2 = 0`);
    await database.admin.query('VACUUM ANALYZE');
    const service = await database.serve();
    const query = filters.replace('<six hours ago>', new Date(Date.now() - 6 * 3_600_000).toISOString());
    let cursor = '';
    for (const page of [1, 2]) {
      const { executions, result } = await service.executions.during(() =>
        service.api.get<Listed>(`/v1/notifications?${query}metadata[tenant]=acme${cursor}`),
      );
      expect(result.body.items.length, `on page ${page}`).toBeGreaterThan(20);
      cursor = `&cursor=${result.body.nextCursor}`;
      const searches = executions.filter(({ text }) => text.includes('metadata'));
      expect(searches).not.toEqual([]);
      for (const { text, rows } of searches) {
        expect(text).not.toContain('uuid_send');
        expect(rows).toBeLessThan(latest * 5);
      }
    }
  },
);

it('metadata that only old notifications carry is found page by page, each once', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, 20_000);
  await database.admin.query(`
    UPDATE notifications SET metadata = '{"tenant":"acme"}'
    WHERE id IN (SELECT id FROM notifications ORDER BY id OFFSET 17900 LIMIT 200)`);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const { rows } = await database.admin.query(
    `SELECT id FROM notifications WHERE metadata->>'tenant' = 'acme' ORDER BY id DESC`,
  );
  const found: string[] = [];
  let next = '';
  do {
    const { body } = await service.api.get<Listed>(`/v1/notifications?limit=30&metadata[tenant]=acme${next}`);
    found.push(...body.items.map(({ id }) => id));
    next = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
  } while (next);
  expect(found).toEqual(rows.map(({ id }) => id));
});
