import { describe, expect, it } from 'vitest';
import type { BatchDto } from '../src/notifications/batch.dto.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { shareTestService } from './support/service.js';

const service = shareTestService({ ROLE: 'api', REQUIRE_IDEMPOTENCY_KEY: 'true' });
const SMS = { channels: ['sms'], body: 'Hello' };

let numbers = 0;
const recipient = () => `+1555128${String((numbers += 1)).padStart(4, '0')}`;

describe('REQUIRE_IDEMPOTENCY_KEY', () => {
  it('refuses a request without a key', async () => {
    const { api } = service();
    const request = { ...SMS, to: recipient() };
    expect((await api.post('/v1/notifications', request)).status).toBe(400);
    expect((await api.post('/v1/notifications', request, { 'idempotency-key': 'one' })).status).toBe(202);
  });

  it('refuses of a batch what has no key of its own, and nothing else', async () => {
    const { api } = service();
    const [keyed, bare] = [recipient(), recipient()];
    const notifications = [
      { ...SMS, to: keyed, idempotencyKey: 'first of a batch' },
      { ...SMS, to: keyed, idempotencyKey: 'first-of-a-batch' },
      { ...SMS, to: bare },
    ];
    const { status, body } = await api.post<BatchDto>('/v1/notifications/batch', { notifications });
    expect([status, body.accepted, body.rejected]).toEqual([202, 1, 2]);
    expect(body.results).toMatchObject([
      { index: 0, error: { status: 400, errors: [{ pointer: '/idempotencyKey' }] } },
      { index: 1, status: 'queued' },
      { index: 2, error: { status: 400, detail: expect.stringContaining('idempotencyKey') } },
    ]);
    const found = await api.get<{ items: unknown[] }>(`/v1/notifications?to=${encodeURIComponent(bare)}`);
    expect(found.body.items).toEqual([]);
  });
});

it('fallbackAfterSeconds is a week at most', async () => {
  const { api } = service();
  const ask = (fallbackAfterSeconds: number) =>
    api.post<{ errors?: { pointer: string }[] }>(
      '/v1/notifications',
      { ...SMS, to: recipient(), fallbackAfterSeconds },
      { 'idempotency-key': `after-${fallbackAfterSeconds}` },
    );
  expect((await ask(604_800)).status).toBe(202);
  const tooLong = await ask(604_801);
  expect(tooLong).toMatchObject({ status: 400, body: { errors: [{ pointer: '/fallbackAfterSeconds' }] } });
});

it('a created range holds its first moment and not its last, so that ranges in a row show each once', async () => {
  const { api, database } = service();
  const to = recipient();
  const id = await api.send({ ...SMS, to }, 'ranges');
  await database.query(`UPDATE notifications SET created_at = date_trunc('milliseconds', created_at) WHERE id = $1`, [
    id,
  ]);
  const { createdAt } = (await api.get<NotificationDto>(`/v1/notifications/${id}`)).body;
  const before = new Date(Date.parse(createdAt) - 1000).toISOString();
  const after = new Date(Date.parse(createdAt) + 1000).toISOString();
  const within = async (from: string, until: string) => {
    const query = `to=${encodeURIComponent(to)}&from=${from}&until=${until}`;
    return (await api.get<{ items: { id: string }[] }>(`/v1/notifications?${query}`)).body.items.length;
  };
  expect([await within(before, createdAt), await within(createdAt, after)]).toEqual([0, 1]);
});
