import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Statement } from '../src/database/database.js';
import { seedHistory } from './growth.seed.js';
import { shareExplainingPostgres } from './growth.setup.js';

const postgres = shareExplainingPostgres();

/** What holds a row for each sender, circuit or open alert, and does not grow with what was sent. */
const SMALL =
  /^(circuits|incidents|sender_paces|alerts_open|alert_deliveries_untold|alert_watch|api_keys|replays_running)/;
/** What they count is what they read. */
const COUNTING = new Set(['outbox-count-held', 'metrics-readings']);

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Every statement of the service of which a connection may keep a plan. */
async function keptStatements(): Promise<Statement[]> {
  const src = new URL('../src/', import.meta.url).pathname;
  const files = (await readdir(src, { recursive: true })).filter((file) => file.endsWith('.sql.ts'));
  const modules = await Promise.all(files.map((file): Promise<object> => import(join(src, file))));
  const exported: unknown[] = modules.flatMap((module) => Object.values(module));
  return exported.filter(isStatement).filter(({ plan, name }) => plan !== 'each_time' && !COUNTING.has(name));
}

function isStatement(value: unknown): value is Statement {
  return typeof value === 'object' && value !== null && 'name' in value && 'text' in value;
}

/** What the plan reads without being told by an index where to look; the first rows in an index's own order are no such read. */
function endToEnd(node: PlanNode, above?: PlanNode): string[] {
  const read = node['Index Name'] ?? node['Relation Name'];
  const found = read !== undefined && node['Node Type'] !== 'Bitmap Heap Scan' && !node['Index Cond'];
  const first = above?.['Node Type'] === 'Limit' && !node.Filter;
  const reads = found && node['Node Type'].includes('Scan') && !first && !SMALL.test(read);
  return [
    ...(reads ? [`${node['Node Type']} ${read}: ${node.Filter ?? 'all of it'}`] : []),
    ...(node.Plans ?? []).flatMap((child) => endToEnd(child, node)),
  ];
}

/** As on the service's own connections; a plan that is kept is made without its parameters. */
async function explain(admin: Client, { text }: Statement): Promise<PlanNode> {
  const { rows } = await admin.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
  );
  if (rows[0] === undefined) throw new Error('Nothing was explained');
  return rows[0]['QUERY PLAN'][0].Plan;
}

describe.each([
  ['that were never analysed', 0, false],
  ['that were analysed when they were empty', 0, true],
  ['that were analysed with their first rows', 2, true],
  ['that were analysed with a few rows', 60, true],
])('plans that are made for tables %s', (_, rows, analysed) => {
  let statements: Statement[];
  let admin: Client;
  beforeAll(async () => {
    statements = await keptStatements();
    ({ admin } = await postgres().createDatabase({ autovacuum: false }));
    await seedHistory(admin, rows);
    if (analysed) await admin.query('VACUUM ANALYZE');
    await admin.query('SET enable_seqscan = off');
  });

  it('find each row by an index, and so stay cheap when the tables grow', async () => {
    expect(statements.length).toBeGreaterThan(100);
    const plans = [];
    for (const statement of statements) plans.push({ ...statement, plan: await explain(admin, statement) });
    const reading = plans.map(({ name, plan }) => ({ name, reads: endToEnd(plan) }));
    expect(reading.filter(({ reads }) => reads.length > 0)).toEqual([]);
  });
});
