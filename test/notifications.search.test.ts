import { describe, expect, it } from 'vitest';
import type { NotificationSummaryDto } from '../src/notifications/notification.dto.js';
import { moveClock } from './support/clock.js';
import { shareTestService, startTestService } from './support/service.js';

const service = shareTestService();
const SMS = { to: '+15551250001', channels: ['sms'], body: 'Hello' };
const soon = () => new Date(Date.now() + 3_600_000).toISOString();

const search = (query: string) =>
  service().api.get<{ items: NotificationSummaryDto[]; errors?: unknown[] }>(`/v1/notifications?${query}`);

/** Accepts one with each of these. @returns what a search finds of them, by their place */
async function among(...metadata: object[]): Promise<(query: string) => Promise<number[]>> {
  const ids: string[] = [];
  for (const each of metadata) ids.push(await service().api.send({ ...SMS, sendAt: soon(), metadata: each }));
  return async (query) => (await search(query)).body.items.map(({ id }) => ids.indexOf(id)).toSorted((a, b) => a - b);
}

describe('a search by metadata', () => {
  it('finds texts, numbers, truth values and null by the text that says them', async () => {
    const found = await among(
      { a: '17' },
      { a: 17 },
      { a: '17.0' },
      { a: true },
      { a: 'true' },
      { a: null },
      { a: -0.5 },
      { a: [17] },
      { a: { b: 17 } },
      { a: 1e21 },
    );
    expect(await found('metadata[a]=17')).toEqual([0, 1]);
    expect(await found('metadata[a]=17.0')).toEqual([1, 2]);
    expect(await found('metadata[a]=true')).toEqual([3, 4]);
    expect(await found('metadata[a]=null')).toEqual([5]);
    expect(await found('metadata[a]=-0.5')).toEqual([6]);
    expect(await found('metadata[a]=1e21')).toEqual([9]);
    expect(await found(`metadata[a]=${encodeURIComponent('1e+21')}`)).toEqual([9]);
    for (const text of ['+17', '017', '0x11', '1e999', 'True', '[17]', '']) {
      expect([text, await found(`metadata[a]=${encodeURIComponent(text)}`)]).toEqual([text, []]);
    }
  });

  it('finds what has all of several', async () => {
    const found = await among({ b: 1, c: 'x' }, { b: '1', c: false }, { b: 1 }, { c: 'x' });
    expect(await found('metadata[b]=1')).toEqual([0, 1, 2]);
    expect(await found('metadata[b]=1&metadata[c]=x')).toEqual([0]);
    expect(await found('metadata[b]=1&metadata[c]=false')).toEqual([1]);
  });

  it('passes over no name', async () => {
    const found = await among({ constructor: 'x' }, { toString: 'x' }, { d: 'x' });
    expect(await found('metadata[constructor]=x')).toEqual([0]);
    expect(await found('metadata[toString]=x')).toEqual([1]);
    expect(await found('metadata[valueOf]=x')).toEqual([]);
    expect(await search('constructor=x')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/constructor' }] },
    });
  });

  it('finds names that are numbers', async () => {
    const found = await among({ 0: 'x' }, { 1: 'x' }, { 1: 'x', 30: 'y' }, { n: 'x' });
    expect(await found('metadata[0]=x')).toEqual([0]);
    expect(await found('metadata[1]=x')).toEqual([1, 2]);
    expect(await found('metadata%5B1%5D=x&metadata[30]=y')).toEqual([2]);
    expect(await found('metadata[0]=x&metadata[1]=x')).toEqual([]);
  });

  it.each([
    'metadata[a][b]=1',
    'metadata[1][2]=1',
    'metadata[1]=1&metadata[1]=2',
    'metadata=1&metadata[1]=1',
    'metadata[a][]=1',
    'metadata[a]=1&metadata[a]=2',
    'metadata[]=1',
    'metadata%5B%5D=1',
    'metadata[]',
    'metadata[]=1&metadata[1]=1',
    'metadata=1',
    `metadata[a]=${encodeURIComponent('\u0000')}`,
    `metadata[${encodeURIComponent('\u0000')}]=a`,
    Array.from({ length: 21 }, (_, index) => `metadata[a${index}]=1`).join('&'),
  ])('refuses %j', async (query) => {
    expect(await search(query)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/metadata' }] } });
  });
});

describe('a plus in a query', () => {
  it.each([
    ['to', '/v1/notifications?to=+15551250001'],
    ['to', '/v1/admin/failures?to=+15551250001'],
    ['recipient', '/v1/admin/suppressions?recipient=+15551250001'],
    ['from', '/v1/notifications?from=2026-12-01T09:00:00+01:00'],
    ['until', '/v1/admin/failures?until=2026-12-01T09:00:00+01:00'],
  ])('is read as a blank, and the answer says how to write it: %s of %s', async (name, path) => {
    const { status, body } = await service().api.get<object>(path);
    expect([status, body]).toMatchObject([
      400,
      { errors: [{ pointer: `/${name}`, detail: expect.stringContaining('+ is written as %2B') }] },
    ]);
    expect((await service().api.get(path.replace('+', '%2B'))).status).toBe(200);
  });
});

describe('a search by time', () => {
  it('finds also what the database says another time of than its id', async () => {
    const ids = [
      await service().api.send({ ...SMS, sendAt: soon() }),
      await service().api.send({ ...SMS, sendAt: soon() }),
    ];
    const found = async (query: string) => (await search(query)).body.items.map(({ id }) => ids.indexOf(id));
    const age = async (id: string | undefined, minutes: number) => {
      const { rows } = await service().database.query<{ at: Date }>(
        `UPDATE notifications SET created_at = created_at + $2 * interval '1 minute' WHERE id = $1 RETURNING created_at AS at`,
        [id, minutes],
      );
      return rows[0]?.at.getTime() ?? Number.NaN;
    };
    const [early, late] = [await age(ids[0], -55), await age(ids[1], 55)];
    const time = (ms: number) => new Date(ms).toISOString();
    expect(await found(`from=${time(early - 1)}&until=${time(early + 1)}`)).toEqual([0]);
    expect(await found(`from=${time(late - 1)}&until=${time(late + 1)}`)).toEqual([1]);
  });

  it('takes any year', async () => {
    const id = await service().api.send({ ...SMS, sendAt: soon() });
    const newest = async (query: string) => (await search(`limit=1&${query}`)).body.items.map((each) => each.id);
    expect(await newest('from=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z')).toEqual([id]);
    expect(await newest('from=1969-12-31T23:59:59Z')).toEqual([id]);
    expect(await newest('until=1969-12-31T23:59:59Z')).toEqual([]);
    expect(await newest('from=9999-12-31T23:59:59Z')).toEqual([]);
  });
});

it('a notification whose sendAt has come is queued, although nobody has taken it up', async () => {
  const { api, databaseUrl } = await startTestService({ ROLE: 'api' });
  const [inAnHour, tomorrow] = [3_600_000, 86_400_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const id = await api.send({ ...SMS, sendAt: inAnHour });
  const later = await api.send({ ...SMS, sendAt: tomorrow });
  const found = async (status: string) => {
    const { body } = await api.get<{ items: NotificationSummaryDto[] }>(`/v1/notifications?status=${status}`);
    return body.items.map((item) => [item.id, item.status]);
  };
  expect(await found('scheduled')).toEqual([
    [later, 'scheduled'],
    [id, 'scheduled'],
  ]);
  expect(await found('queued')).toEqual([]);
  await moveClock(databaseUrl, 2 * 3_600_000);
  expect(await found('scheduled')).toEqual([[later, 'scheduled']]);
  expect(await found('queued')).toEqual([[id, 'queued']]);
  expect(await api.get(`/v1/notifications/${id}`)).toMatchObject({
    body: { status: 'queued', updatedAt: inAnHour, nextAttemptAt: inAnHour, deliveries: [{ status: 'queued' }] },
  });
});
