import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../src/config/read-environment.js';
import { OverloadedError } from '../src/database/overloaded.error.js';
import { Searches } from '../src/database/searches.js';
import { QUEUE } from './dead-letters.setup.js';
import { HISTORY } from './failures.setup.js';
import { ADMIN_KEY, startTestService } from './support/service.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const PREVIEW = { method: 'POST', body: JSON.stringify({ filter: {}, dryRun: true }), headers: JSON_TYPE };
const AS_CSV = { headers: { accept: 'text/csv' } };

it.each<[string, string, string, RequestInit]>([
  ['notifications', 'a search for them', '/v1/notifications?channel=sms', {}],
  ['failures', 'their history', HISTORY, {}],
  ['failures', 'their history of a span', `${HISTORY}?from=2026-01-01T00:00:00Z`, {}],
  ['failures', 'their export', HISTORY, AS_CSV],
  ['failures', 'their summary', `${HISTORY}/summary`, {}],
  ['dead_letters', 'the review queue', QUEUE, {}],
  ['dead_letters', 'the preview of a replay', `${QUEUE}/replays`, PREVIEW],
])('slow reads of %s (%s) leave connections for everything else', async (table, _, path, request) => {
  const { api, databaseUrl, url } = await startTestService({ ROLE: 'api', DATABASE_POOL_MAX: '3' });
  const blocker = await startTransaction(databaseUrl);
  await blocker.query(`LOCK TABLE ${table}`);
  const searches = Array.from({ length: 8 }, async () => {
    const headers = { ...request.headers, authorization: `Bearer ${ADMIN_KEY}` };
    const response = await fetch(url + path, { ...request, headers });
    await response.text();
    return response.status;
  });
  await untilSomebodyWaits(databaseUrl);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect((await api.get('/v1/admin/audit')).status).toBe(200);
  await untilSomebodyWaits(databaseUrl);
  await blocker.query('ROLLBACK');
  expect(await Promise.all(searches)).toEqual(searches.map(() => 200));
});

describe('a search that has to wait for others', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Searches one at a time; the first goes on until it is told to end. */
  function startOne() {
    const searches = new Searches({ env: readEnvironment({ DATABASE_POOL_MAX: '3' }) });
    const { promise, resolve: end } = Promise.withResolvers<void>();
    return { searches, first: searches.run(() => promise), end };
  }

  it('is refused after five seconds, and takes nobody else’s turn', async () => {
    const { searches, first, end } = startOne();
    const late = Promise.allSettled([searches.run(() => Promise.resolve('found'))]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await late).toMatchObject([{ reason: expect.any(OverloadedError) }]);
    const next = searches.run(() => Promise.resolve('found'));
    end();
    await first;
    expect(await next).toBe('found');
    expect(await searches.run(() => Promise.resolve('found'))).toBe('found');
  });

  it('is not cut short once it has begun, nor refused where an answer has begun', async () => {
    const { searches, first, end } = startOne();
    const rest = searches.goOn(() => Promise.resolve('found'));
    await vi.advanceTimersByTimeAsync(60_000);
    end();
    await first;
    expect(await rest).toBe('found');
  });

  it('gives its turn to the next one when it fails', async () => {
    const { searches, end } = startOne();
    end();
    await expect(searches.run(() => Promise.reject(new Error('the database is away')))).rejects.toThrow('away');
    expect(await searches.run(() => Promise.resolve('found'))).toBe('found');
  });
});
