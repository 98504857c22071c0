import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createMigratedDatabase } from '../support/postgres.js';
import { Provider, startTestService, type ServiceUnderTest } from '../support/service.js';

const run = promisify(execFile);

/** Needs psql, of Debian's package postgresql-client. */
async function moveDatabase(from: string, to: string): Promise<void> {
  const env = { PATH: process.env['PATH'], EMBEDDED: from, DATABASE_URL: to };
  await run('bash', ['docs/operations/move-database.sh'], { env });
}

/** Every row of every table, as text; but for `migrations`, whose times are those of each database. */
async function everything(databaseUrl: string): Promise<Map<string, string[]>> {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const tables = await database.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    const rows = new Map<string, string[]>();
    for (const { tablename } of tables.rows) {
      const table = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${tablename} t ORDER BY 1`);
      rows.set(
        tablename,
        table.rows.map(({ row }) => row),
      );
    }
    return rows;
  } finally {
    await database.end();
  }
}

/** What was delivered, failed, fell back, opted out and waits, with words that a copy might mistake for its own. */
async function leaveTraces({ api, simulator }: ServiceUnderTest): Promise<void> {
  const provider = new Provider(simulator.url);
  const client = await api.post<{ secret: string }>('/v1/admin/api-keys', { name: 'shop', scopes: ['send', 'read'] });
  const shop = api.as(client.body.secret);
  const delivered = { to: '+15551230001', channels: ['sms'], body: 'Tab\there, \\. and\nanother line: \\N' };
  await api.untilStatus(await shop.send(delivered, 'order-4711'), 'delivered');
  await provider.fail('+15551230004', { fault: { kind: 'status', status: 400, code: 21211 } });
  await api.untilStatus(await shop.send({ ...delivered, to: '+15551230004' }), 'failed');
  await provider.fail('+15551230002', { fault: { kind: 'status', status: 400, code: 21610 } });
  await api.untilStatus(await shop.send({ ...delivered, to: '+15551230002' }), 'failed');
  const notThere = {
    fault: { kind: 'callback', status: 'undelivered', errorCode: 63003 },
    match: { channel: 'whatsapp' },
  };
  await provider.fail('+15551230003', notThere);
  const both = { ...delivered, to: '+15551230003', channels: ['whatsapp', 'sms'], metadata: { order: '{4711}' } };
  await api.untilStatus(await shop.send(both), 'delivered');
  await shop.send({ ...delivered, sendAt: new Date(Date.now() + 3_600_000).toISOString() });
}

const WITH_TRACES = [
  'api_keys',
  'attempts',
  'callbacks',
  'clients',
  'dead_letters',
  'deliveries',
  'failures',
  'notifications',
  'outbox',
  'suppressions',
  'unavailable_channels',
];

it('brings every row to another database, in place of what is there', async () => {
  const test = await startTestService();
  await leaveTraces(test);
  await test.service.close();
  const target = await createMigratedDatabase();
  onTestFinished(() => target.drop());
  const left = await everything(test.databaseUrl);
  for (const table of WITH_TRACES) expect(left.get(table), table).not.toHaveLength(0);

  await moveDatabase(test.databaseUrl, target.url);
  expect(await everything(target.url)).toEqual(left);
  await moveDatabase(test.databaseUrl, target.url);
  expect(await everything(target.url)).toEqual(left);
  expect(await everything(test.databaseUrl)).toEqual(left);
});
