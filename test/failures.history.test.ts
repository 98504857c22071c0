import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FailureDto } from '../src/failures/failure.dto.js';
import type { FailureSummaryDto } from '../src/failures/failure-summary.dto.js';
import { failAt, failures, HISTORY, LONG_FAILURES, startWithFailures, type FailurePageBody } from './failures.setup.js';
import { Provider, startTestService, UNDER_WAY } from './support/service.js';

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

describe('the failure history', () => {
  it('tells of a refusal, an unknown outcome and a failed callback everything but the recipient', async () => {
    const service = await startWithFailures();
    const { ids } = service;
    const [refused] = await failures(service, 'providerCode=21211');
    expect(refused).toEqual({
      id: expect.any(String),
      at: expect.stringMatching(/\.\d{3}Z$/),
      notificationId: ids.refused,
      deliveryId: expect.any(String),
      attemptId: expect.any(String),
      callbackId: null,
      clientId: expect.any(String),
      channel: 'sms',
      number: 1,
      startedAt: expect.stringMatching(/Z$/),
      durationMs: expect.any(Number),
      outcome: 'rejected',
      httpStatus: 400,
      providerCode: 21211,
      providerMessage: expect.stringContaining('=HYPERLINK'),
      providerRequestId: expect.any(String),
      errorClass: 'recipient_unreachable',
      responsible: 'recipient',
      nextStep: { kind: 'dead_letter', reason: expect.any(String) },
      possibleDuplicate: false,
      providerBody: expect.stringContaining('"code":21211'),
    });
    const [undelivered] = await failures(service, 'to=%2B15551230003');
    expect(undelivered).toMatchObject({
      notificationId: ids.undelivered,
      callbackId: expect.any(String),
      outcome: 'accepted',
      providerCode: 30003,
      number: 1,
    });
    expect(await failures(service, 'outcome=unknown')).toMatchObject([
      // Asked once more, it was not there: what followed is what the history shows.
      {
        notificationId: ids.unknown,
        number: 2,
        httpStatus: 503,
        providerCode: 20503,
        nextStep: { kind: 'dead_letter' },
      },
      {
        notificationId: ids.unknown,
        number: 1,
        httpStatus: 503,
        nextStep: { kind: 'reconcile', at: expect.any(String) },
      },
    ]);
    for (const failure of await failures(service)) {
      expect(failure).not.toHaveProperty('to');
      expect(failure).not.toHaveProperty('recipient');
    }
  });

  it('holds an answer that is no text: its result is recorded at once like any other', async () => {
    const { api, simulator } = await startTestService({}, UNDER_WAY);
    const fault = { kind: 'malformed', body: '\u001f\u008b\b\0\0' };
    await new Provider(simulator.url).fail('+15551230001', { times: 1, fault });
    await api.untilStatus(await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }), 'sent');
    expect(await failures({ api })).toMatchObject([{ outcome: 'unknown', providerBody: '\u001f\u008b\b\uFFFD\uFFFD' }]);
  });

  it.each([
    ['id', ''],
    ['time', '&from=2001-01-01T00:00:00Z'],
  ])('has shorter pages, ordered by %s, where the provider said much', async (_, span) => {
    const { api, database } = await startTestService();
    await database.query(LONG_FAILURES);
    const pages: FailureDto[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await api.get<FailurePageBody>(`${HISTORY}?limit=7${span}${query}`);
      pages.push([...body.items]);
      cursor = body.nextCursor;
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 2]);
    const all = pages.flat();
    expect(new Set(all.map(({ id }) => id)).size).toBe(10);
    expect(all.map(({ providerBody }) => providerBody?.length)).toEqual(all.map(() => 1024 * 1024));
    expect(await failures({ api }, `limit=3${span}`)).toEqual(all.slice(0, 3));
  });

  it('narrows by every filter, and pages from the newest to the oldest', async () => {
    const service = await startWithFailures();
    const { api } = service;
    const all = await failures(service, 'limit=100');
    expect(all.map((failure) => failure.id)).toEqual(
      all
        .map((failure) => failure.id)
        .toSorted()
        .toReversed(),
    );

    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await api.get<FailurePageBody>(`${HISTORY}?limit=1${query}`);
      paged.push(...body.items.map((item) => item.id));
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(all.map((failure) => failure.id));
    const span = 'from=2001-01-01T00:00:00Z&limit=2';
    const { body: first } = await api.get<FailurePageBody>(`${HISTORY}?${span}`);
    const { body: second } = await api.get<FailurePageBody>(`${HISTORY}?${span}&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items]).toEqual(all);
    expect((await api.get(`${HISTORY}?cursor=${first.nextCursor}`)).status).toBe(400);
    for (const day of ['0000-01-01', '2026-02-30']) {
      const parts = ['failures', `${day}T00:00:00.000000Z`, randomUUID()];
      const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
      expect([day, (await api.get(`${HISTORY}?${span}&cursor=${cursor}`)).status]).toEqual([day, 400]);
    }

    const [newest] = all;
    const oldest = all.at(-1);
    const expectSame = async (query: string, fits: (failure: FailureDto) => boolean) => {
      const expected = all.filter((failure) => fits(failure));
      expect({ query, found: await failures(service, `limit=100&${query}`) }).toEqual({ query, found: expected });
      return expected.length;
    };
    expect(await expectSame('errorClass=recipient_unreachable', (f) => f.errorClass === 'recipient_unreachable')).toBe(
      2,
    );
    expect(await expectSame('httpStatus=400', (f) => f.httpStatus === 400)).toBe(1);
    await expectSame('channel=sms', (f) => f.channel === 'sms');
    await expectSame('channel=voice', () => false);
    await expectSame(`clientId=${newest?.clientId}`, () => true);
    await expectSame('clientId=0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10', () => false);
    await expectSame('outcome=rejected', (f) => f.outcome === 'rejected');
    await expectSame('from=2100-01-01T00:00:00Z', () => false);
    await expectSame(`until=${oldest?.at}`, () => false);
    expect((await api.get(`${HISTORY}?errorClass=nonsense`)).status).toBe(400);
    expect((await api.get(`${HISTORY}?httpStatus=9`)).status).toBe(400);
    expect((await api.get(`${HISTORY}?class=1`)).status).toBe(400);
  });
});

describe('the summary', () => {
  it('counts by class, code, channel, client and time', async () => {
    const service = await startWithFailures();
    const { api } = service;
    const all = await failures(service, 'limit=100');
    const { body } = await api.get<FailureSummaryDto>(`${HISTORY}/summary`);
    expect(body.total).toBe(all.length);
    expect(body.bucket).toBe('hour');
    expect(Date.parse(body.until) - Date.parse(body.from)).toBe(86_400_000);
    const sum = (counts: { count: number }[]) => counts.reduce((total, { count }) => total + count, 0);
    for (const counts of [body.byErrorClass, body.byCode, body.byChannel, body.byClient, body.byTime]) {
      expect(sum(counts)).toBe(all.length);
    }
    expect(body.byErrorClass).toContainEqual({ errorClass: 'recipient_unreachable', count: 2 });
    expect(body.byCode).toContainEqual({
      httpStatus: 400,
      providerCode: 21211,
      errorClass: 'recipient_unreachable',
      count: 1,
    });
    expect(body.byClient).toEqual([{ clientId: all[0]?.clientId, name: 'admin', count: all.length }]);
    expect(body.byTime[0]?.at).toMatch(/:00:00\.000Z$/);

    const narrowed = await api.get<FailureSummaryDto>(`${HISTORY}/summary?providerCode=21211&bucket=minute`);
    expect(narrowed.body).toMatchObject({ total: 1, bucket: 'minute', byChannel: [{ channel: 'sms', count: 1 }] });
    expect(await api.get(`${HISTORY}/summary?from=2001-01-01T00:00:00Z&until=2001-01-02T00:00:00Z`)).toMatchObject({
      status: 200,
      body: { total: 0, byErrorClass: [], byCode: [], byChannel: [], byClient: [], byTime: [], bucket: 'hour' },
    });
  });

  it('reaches to the ends of time, and blames what was given for a span that is too long', async () => {
    const { api } = await startTestService();
    expect(await api.get(`${HISTORY}/summary?until=0001-01-01T12:00:00Z`)).toMatchObject({
      status: 200,
      body: { from: '0001-01-01T00:00:00.000Z', total: 0 },
    });
    expect(await api.get(`${HISTORY}/summary?until=0001-01-01T00:00:00Z`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/until' }] },
    });
    expect(await api.get(`${HISTORY}/summary?from=1990-01-01T00:00:00Z`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/from' }] },
    });
  });

  it('is of the last 24 hours unless it is asked for others', async () => {
    const { database, api } = await startTestService({ ROLE: 'api' });
    await failAt(database, hoursAgo(25), hoursAgo(23));
    const total = async (query: string) => (await api.get<FailureSummaryDto>(`${HISTORY}/summary?${query}`)).body.total;
    const [longer, dayBefore] = [hoursAgo(26), hoursAgo(24)].map((moment) => moment.toISOString());
    expect([await total(''), await total(`from=${longer}`), await total(`until=${dayBefore}`)]).toEqual([1, 2, 1]);
  });

  it('refuses a span that is empty or has too many buckets', async () => {
    const { api } = await startTestService();
    const span = 'from=2001-01-01T00:00:00Z&until=2002-01-01T00:00:00Z';
    expect(await api.get(`${HISTORY}/summary?${span}&bucket=minute`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/bucket' }] },
    });
    expect(await api.get(`${HISTORY}/summary?from=2100-01-01T00:00:00Z`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/from' }] },
    });
    expect(await api.get(`${HISTORY}/summary?${span}`)).toMatchObject({ status: 200, body: { bucket: 'day' } });
  });
});

it('a time range of failures holds its first moment and not its last, so that ranges in a row show each once', async () => {
  const { database, api } = await startTestService({ ROLE: 'api' });
  const [first, second] = [hoursAgo(2), hoursAgo(1)] as const;
  await failAt(database, first, second);
  const range = `from=${first.toISOString()}&until=${second.toISOString()}`;
  const summary = await api.get<FailureSummaryDto>(`${HISTORY}/summary?${range}`);
  const listed = (await failures({ api }, range)).map(({ at }) => at);
  expect([listed, summary.body.total]).toEqual([[first.toISOString()], 1]);
});
