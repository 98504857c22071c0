import { beforeAll, describe, expect, it, vi } from 'vitest';
import { CLAIM } from '../src/outbox/claim.sql.js';
import { Life } from './growth.life.js';
import { seedDue, seedHistory } from './growth.seed.js';
import { shareExplainingPostgres, type GrowthDatabase } from './growth.setup.js';
import { HOT_STEPS, tour, type Costs, type Span } from './growth.tour.js';

const FEW = 2000;
/** Enough for another level in the indexes. */
const MANY = 100_000;
const GROUP = 100;
const HISTORY = ['notifications', 'deliveries', 'attempts', 'callbacks', 'failures'];

const postgres = shareExplainingPostgres();

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** What everything costs once the service is warm and PostgreSQL has chosen the plans that it keeps. */
async function warmCosts(database: GrowthDatabase, span: Span): Promise<Costs> {
  const service = await database.serve();
  for (let round = 0; round < 6; round += 1) await tour(service, GROUP / 10, span);
  await tour(service, GROUP, span);
  const costs = await tour(service, GROUP, span);
  await service.close();
  return costs;
}

/** As autovacuum leaves a database that has not been visited yet, and as it leaves one that has. */
async function costsOf(finished: number): Promise<Record<'unvisited' | 'visited', Costs>> {
  const database = await postgres().createDatabase({ autovacuum: false });
  const span = await seedHistory(database.admin, finished);
  const unvisited = await warmCosts(database, span);
  await database.admin.query('VACUUM ANALYZE');
  return { unvisited, visited: await warmCosts(database, span) };
}

describe(`with ${MANY} finished notifications instead of ${FEW}`, () => {
  let few: Record<'unvisited' | 'visited', Costs>;
  let many: Record<'unvisited' | 'visited', Costs>;
  beforeAll(async () => {
    few = await costsOf(FEW);
    many = await costsOf(MANY);
  });

  describe.each([
    ['that were never analysed', 'unvisited'],
    ['that autovacuum has visited', 'visited'],
  ] as const)('in tables %s', (_, state) => {
    // Where an index is one level deeper, each look-up reads one more page; a key is looked up in two.
    it.each(HOT_STEPS)('%s reads no more pages', (step) => {
      expect(many[state][step]?.pages).toBeLessThanOrEqual(1.3 * (few[state][step]?.pages ?? 0) + 2 * GROUP);
    });

    it('nothing reads a table of the history from end to end', () => {
      for (const step of HOT_STEPS) {
        const scans = many[state][step]?.seqScans.filter((table) => HISTORY.includes(table));
        expect({ step, scans }).toEqual({ step, scans: [] });
      }
    });
  });
});

/** Work that is proportional to what waits, not to what is asked for, would be above these. */
const ROWS_PER_NOTIFICATION = 300;
const PAGES_PER_NOTIFICATION = 120;
const BURST = 20_000;
const SMALL_GROUP = 50;

describe('plans that a connection keeps', () => {
  async function afterBurst(database: GrowthDatabase, span: Span, firstGroup: number): Promise<Costs> {
    // Two connections, so that each runs each statement often enough to keep a plan of it.
    const service = await database.serve({ DATABASE_POOL_MAX: '2' });
    for (let round = 0; round < 20; round += 1) await tour(service, firstGroup, span);
    await seedHistory(database.admin, BURST / 2);
    await seedDue(database.admin, BURST);
    return tour(service, SMALL_GROUP, span);
  }

  /** The steps that did more than their group asks for. */
  function stepsThatScale(costs: Costs): unknown[] {
    return HOT_STEPS.map((step) => ({ step, rows: costs[step]?.rows ?? 0, pages: costs[step]?.pages ?? 0 })).filter(
      ({ rows, pages }) => rows > ROWS_PER_NOTIFICATION * SMALL_GROUP || pages > PAGES_PER_NOTIFICATION * SMALL_GROUP,
    );
  }

  it.each([1, 20])('made for a new database and groups of %i hold when a burst comes', async (firstGroup) => {
    const database = await postgres().createDatabase({ autovacuum: false });
    const span = await seedHistory(database.admin, 0);
    expect(stepsThatScale(await afterBurst(database, span, firstGroup))).toEqual([]);
  });

  it.each([2, 20])('made for %i analysed rows hold when a burst comes', async (rows) => {
    const database = await postgres().createDatabase({ autovacuum: false });
    const span = await seedHistory(database.admin, rows);
    await database.admin.query('VACUUM ANALYZE');
    expect(stepsThatScale(await afterBurst(database, span, rows))).toEqual([]);
  });

  it.each([0, 1, 50])('made when a drained outbox had kept %i rows hold when the next burst comes', async (left) => {
    const database = await postgres().createDatabase({ autovacuum: false });
    const span = await seedHistory(database.admin, FEW);
    await seedDue(database.admin, BURST / 2);
    // The last of them hold the emptied pages: the planner takes the table for nearly empty, however full it gets.
    await database.admin.query(
      `DELETE FROM outbox WHERE notification_id NOT IN (SELECT notification_id FROM outbox ORDER BY ctid DESC LIMIT $1)`,
      [left],
    );
    await database.admin.query(`UPDATE outbox SET due_at = now() + interval '1 day'`);
    await database.admin.query('VACUUM ANALYZE');
    expect(stepsThatScale(await afterBurst(database, span, 20))).toEqual([]);
  });
});

describe('a backlog of 50,000 on tables that were never analysed', () => {
  it('is claimed by the hundred, each claim as cheap as the first, also while nobody vacuums', async () => {
    const database = await postgres().createDatabase({ autovacuum: false });
    await seedHistory(database.admin, 1);
    await seedDue(database.admin, 50_000);
    const service = await database.serve();
    const life = new Life(service);
    const pages: number[] = [];
    for (let batch = 0; batch < 150; batch += 1) {
      const { executions, result: work } = await service.executions.during(() => life.claim(GROUP));
      pages.push(executions.find(({ text }) => text === CLAIM.text.trim())?.pages ?? Number.NaN);
      expect(work).toHaveLength(GROUP);
      await life.settle(work);
    }
    const [first = 0] = pages;
    const usual = pages.slice(-21).toSorted((a, b) => a - b)[10];
    expect(usual).toBeLessThan(1.3 * first);
  });
});
