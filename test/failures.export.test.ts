import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { HISTORY, LONG_FAILURES, startWithFailures } from './failures.setup.js';
import { keepLines } from './support/log.lines.js';
import { fetchDescribed } from './support/openapi.exchanges.js';
import { ADMIN_KEY, startTestService, type ServiceUnderTest } from './support/service.js';
import { startTransaction } from './support/transactions.js';

/** Many failures, of which very many share each moment. */
const SEED_FAILURES = `
  INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
    provider_body, error_class, responsible, rule, next_step)
  SELECT new_uuid_v7(), date_trunc('second', now()) - (i / 700) * interval '1 second 123 microseconds',
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '+15551230001', 'sms', 'rejected',
    repeat('x', 2000), CASE WHEN i % 2 = 0 THEN 'not_found' ELSE 'permission' END, 'caller', 'test',
    '{"kind":"none","reason":"test"}'
  FROM generate_series(1, 5001) AS i`;

describe('the export', () => {
  it('streams every failure that fits as CSV, quoted and without formulas', async () => {
    const service = await startWithFailures();
    const csv = await exported(service, 'providerCode=21211&limit=1', 'text/csv, */*;q=0.1');
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(csv.headers.get('content-disposition')).toContain('attachment');
    const [header, row, ...rest] = parse(csv.text);
    expect(header).toEqual(expect.arrayContaining(['id', 'at', 'providerMessage', 'nextStepReason', 'providerBody']));
    expect(rest).toEqual([]);
    const cell = (name: string) => row?.[header?.indexOf(name) ?? -1];
    expect(cell('notificationId')).toBe(service.ids.refused);
    expect(cell('providerMessage')).toBe(`'=HYPERLINK("https://evil.example"),\r\n"quoted"`);
    expect(cell('possibleDuplicate')).toBe('false');
    expect(cell('callbackId')).toBe('');

    expect((await exported(service, '', 'application/json, text/csv;q=0.5')).headers.get('content-type')).toContain(
      'application/json',
    );
    expect((await exported(service, '', '*/*')).headers.get('content-type')).toContain('application/json');
  });

  it('is whole over many pages, also where many failures share a moment', async () => {
    const service = await startTestService();
    await service.database.query(SEED_FAILURES);
    const { text } = await exported(service, '', 'text/csv');
    const [, ...rows] = parse(text);
    expect(rows).toHaveLength(5001);
    expect(new Set(rows.map(([id]) => id)).size).toBe(5001);
    const half = parse((await exported(service, 'errorClass=not_found', 'text/csv')).text);
    expect(half).toHaveLength(2501);
  });

  it('is whole also where the provider said much', async () => {
    const service = await startTestService();
    await service.database.query(LONG_FAILURES);
    const [header = [], ...rows] = parse((await exported(service, '', 'text/csv')).text);
    expect(new Set(rows.map(([id]) => id)).size).toBe(10);
    const bodies = rows.map((row) => row[header.indexOf('providerBody')]?.length);
    expect(bodies).toEqual(Array.from({ length: 10 }, () => 1024 * 1024));
  });

  it('that breaks off is no whole answer, and leaves a word in the log', async () => {
    const service = await startTestService();
    await service.database.query(SEED_FAILURES);
    const { destination, lines } = keepLines();
    const replica = await service.replica({ ROLE: 'api' }, pino(destination));
    const address = new URL(HISTORY, (await replica.app.getUrl()).replace('[::1]', '127.0.0.1'));
    const answer = await fetch(address, { headers: { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/csv' } });
    await service.database.query('ALTER TABLE failures RENAME TO gone');
    await expect(answer.text()).rejects.toThrow('terminated');
    await expect.poll(() => lines.filter((line) => line.includes('an export of failures broke off'))).toHaveLength(1);
  });

  it('is not read by who asks for its headers only', async () => {
    const { url, database, databaseUrl, api } = await startTestService();
    const holder = await startTransaction(databaseUrl);
    await holder.query('LOCK TABLE failures');
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/csv' };
    const head = await fetch(`${url}${HISTORY}`, { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    expect(head.headers.get('content-disposition')).toContain('attachment');
    const list = api.get(HISTORY);
    const waiting = async () => {
      const { rows } = await database.query<{ kind: string }>(`
        SELECT CASE WHEN query LIKE '%"exactAt"%' THEN 'export' ELSE 'list' END AS kind FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"providerBody"%'`);
      return rows.map(({ kind }) => kind);
    };
    await expect.poll(waiting).toContain('list');
    expect(await waiting()).toEqual(['list']);
    await holder.query('ROLLBACK');
    expect((await list).status).toBe(200);
  });

  it('has its header line also where nothing fits', async () => {
    const { text } = await exported(await startTestService(), '', 'text/csv');
    expect(parse(text)).toHaveLength(1);
  });
});

async function exported({ url }: Pick<ServiceUnderTest, 'url'>, query: string, accept: string) {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept };
  const response = await fetchDescribed(new Request(`${url}${HISTORY}?${query}`, { headers }), undefined);
  return { headers: response.headers, text: await response.text() };
}

/** RFC 4180, by the book: fields in quotes or without, CRLF between lines. */
function parse(csv: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
