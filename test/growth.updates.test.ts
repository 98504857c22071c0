import { beforeAll, describe, expect, it, vi } from 'vitest';
import { RetentionChunks } from '../src/retention/retention.chunks.js';
import type { Work } from '../src/outbox/work.js';
import { Life } from './growth.life.js';
import { seedHistory } from './growth.seed.js';
import { shareExplainingPostgres, type GrowthDatabase } from './growth.setup.js';
import { newNotifications } from './support/new-notifications.js';

/** Each notification moves to sent and delivered, and its delivery to delivered: 108,000 updates. */
const LIVES = 36_000;
const GROUP = 100;
/** With its index entries. Every life leaves two dead versions: as it was accepted, and as it was leased. */
const BYTES_OF_AN_OUTBOX_ROW = 200;

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const postgres = shareExplainingPostgres();

/** Group after group: every row of a page moves in the same statement. */
async function liveInGroups(life: Life, lives: number): Promise<void> {
  for (let done = 0; done < lives; done += GROUP) {
    await life.accept(newNotifications(GROUP));
    const work = await life.claim(GROUP);
    await life.settle(work);
    await life.report(work, 'delivered');
  }
}

/** As answers and receipts come from a provider: in another order than the requests, some of them late. */
async function liveInDisorder(life: Life, lives: number): Promise<void> {
  const inFlight: Work[] = [];
  const sent: Work[] = [];
  for (let done = 0; done < lives; done += GROUP) {
    await life.accept(newNotifications(GROUP));
    inFlight.push(...(await life.claim(GROUP)));
    if (inFlight.length > 2 * GROUP) {
      const settled = drawFrom(inFlight, GROUP);
      await life.settle(settled);
      sent.push(...settled);
    }
    if (sent.length > 10 * GROUP) await life.report(drawFrom(sent, GROUP), 'delivered');
  }
}

function drawFrom(pool: Work[], count: number): Work[] {
  return Array.from({ length: count }, () => pool.splice(Math.floor(Math.random() * pool.length), 1)).flat();
}

interface TableUse {
  readonly updates: number;
  /** Of 1: updates that stayed on their page and touched no index. */
  readonly hot: number;
  readonly bytes: number;
}

async function useOf({ admin }: GrowthDatabase, table: string): Promise<TableUse> {
  const { rows } = await admin.query<TableUse>(
    `SELECT n_tup_upd::int AS updates, n_tup_hot_upd::float8 / nullif(n_tup_upd, 0) AS hot,
       pg_total_relation_size(relid)::int AS bytes
     FROM pg_stat_user_tables WHERE relname = $1`,
    [table],
  );
  const [use] = rows;
  if (!use) throw new Error(`There is no table ${table}`);
  return use;
}

/** Waits for the statistics: a session tells what it did a moment after it did it. */
async function untilUpdated(database: GrowthDatabase, table: string, times: number): Promise<void> {
  const told = async () => {
    const { updates } = await useOf(database, table);
    if (updates < times) throw new Error(`${table} was updated ${updates} times, not ${times}`);
  };
  await vi.waitFor(told, { timeout: 60_000 });
}

describe.each([
  ['in groups', liveInGroups],
  ['in disorder', liveInDisorder],
] as const)('after 100,000 updates of statuses, %s', (_, live) => {
  let database: GrowthDatabase;
  beforeAll(async () => {
    database = await postgres().createDatabase({ explain: false });
    await seedHistory(database.admin, 0);
    const service = await database.serve();
    await live(new Life(service), LIVES);
    await service.close();
    await untilUpdated(database, 'notifications', 1.8 * LIVES);
  });

  it.each([
    ['notifications', 1.8],
    ['deliveries', 0.9],
  ])('more than four fifths of those of %s have stayed on their page', async (table, updatesEach) => {
    const { updates, hot } = await useOf(database, table);
    expect(updates).toBeGreaterThan(updatesEach * LIVES);
    expect(hot).toBeGreaterThan(0.8);
  });

  it('the outbox is smaller than one dead version of each of its rows would be', async () => {
    expect((await useOf(database, 'outbox')).bytes).toBeLessThan(LIVES * BYTES_OF_AN_OUTBOX_ROW);
  });
});

describe('the deletion of bodies', () => {
  it.each(['notifications', 'callbacks'])('leaves the rows of %s where they are', async (table) => {
    const database = await postgres().createDatabase({ explain: false, autovacuum: false });
    await seedHistory(database.admin, 3000);
    const service = await database.serve({ BODY_RETENTION_HOURS: '1' });
    const chunks = service.app.get(RetentionChunks, { strict: false });
    let chunk = await chunks.bodies();
    while (chunk?.next) chunk = await chunks.bodies();
    await service.close();
    await untilUpdated(database, table, 2900);
    expect((await useOf(database, table)).hot).toBeGreaterThan(0.9);
  });
});
