import { describe, expect, it } from 'vitest';
import { Retention } from '../src/retention/retention.service.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';
import { Provider, shareTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const HOUR = 3_600_000;
const service = shareTestService(
  { BODY_RETENTION_HOURS: '2', HISTORY_RETENTION_DAYS: '1', IDEMPOTENCY_TTL_HOURS: '24' },
  { callbacks: 'none' },
);
const round = () => partOf(service().service, Retention).round();
const pass = (hours: number) => moveClock(service().databaseUrl, hours * HOUR);

/** By the clock of the database, which tests have moved. */
async function inHours(hours: number): Promise<string | undefined> {
  const now = `SELECT service_now() + $1 * interval '1 hour' AS at`;
  return (await service().database.query<{ at: Date }>(now, [hours])).rows[0]?.at.toISOString();
}

async function sent(to: string, more: Record<string, unknown> = {}) {
  const { api } = service();
  const id = await api.send({ to, channels: ['sms'], body: 'Hello', ...more });
  const { deliveries } = await api.untilStatus(id, 'sent');
  return { id, sid: deliveries[0]?.providerSid ?? '', attemptId: deliveries[0]?.attempts.at(-1)?.id ?? '' };
}

async function count(sql: string, id: string): Promise<unknown> {
  const { rows } = await service().database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${sql}`, [id]);
  return rows[0]?.count;
}

describe('the words of a notification', () => {
  it('go some time after it was delivered, whatever is heard of it later', async () => {
    const twilio = new TwilioCallback(service());
    const { id, sid, attemptId } = await sent('+15551230001');
    await twilio.message(attemptId, sid, 'delivered');
    await pass(1.5);
    await twilio.message(attemptId, sid, 'read');
    await pass(1);
    await round();
    expect(await count('notifications WHERE id = $1 AND content IS NULL', id)).toBe(1);
  });

  it('go also where they were never sent because they had expired', async () => {
    const { api } = service();
    const times = { sendAt: await inHours(1), expiresAt: await inHours(2) };
    const id = await api.send({ to: '+15551230005', channels: ['sms'], body: 'Hello', ...times });
    await pass(3);
    await api.untilStatus(id, 'expired');
    await pass(3);
    await round();
    expect(await count('notifications WHERE id = $1 AND content IS NULL', id)).toBe(1);
  });

  it('stay while another channel may have to say them', async () => {
    const { api, simulator } = service();
    const to = '+15551230002';
    await new Provider(simulator.url).fail(to, { fault: { kind: 'callback', status: 'sent' } });
    const { id } = await sent(to, { channels: ['sms', 'voice'], fallbackAfterSeconds: 4 * 3600 });
    await pass(3);
    await round();
    await pass(1.5);
    await api.until(id, ({ status, channel }) => status === 'sent' && channel === 'voice');
    const [, call] = await new Provider(simulator.url).creates(to);
    expect(call?.params['Twiml']).toContain('Hello');
  });
});

it('a notification is kept, and its key holds, from its end on, however long ago it was accepted', async () => {
  const { api } = service();
  const request = { to: '+15551230004', channels: ['sms'], body: 'Hello', sendAt: await inHours(72) };
  const id = await api.send(request, 'in-three-days');
  await pass(73);
  await api.untilStatus(id, 'sent');
  await pass(23);
  await round();
  expect(await api.send(request, 'in-three-days')).toBe(id);
  await pass(2);
  await round();
  expect((await api.get(`/v1/notifications/${id}`)).status).toBe(404);
});

it('the decisions about a notification go with it', async () => {
  const { simulator } = service();
  const to = '+15551230003';
  const once = { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } };
  await new Provider(simulator.url).fail(to, once);
  const { id } = await sent(to);
  expect(await count('decisions WHERE notification_id = $1', id)).toBe(1);
  await pass(25);
  await round();
  expect(await count('notifications WHERE id = $1', id)).toBe(0);
  expect(await count('decisions WHERE notification_id = $1', id)).toBe(0);
});

it('a replay is kept as long as the history', async () => {
  const { api } = service();
  const { body } = await api.post<{ id: string }>('/v1/admin/dead-letters/replays', {
    filter: { channel: 'voice' },
    action: 'discard',
  });
  const path = `/v1/admin/dead-letters/replays/${body.id}`;
  await eventually(
    () => api.get<{ state: string }>(path),
    (replay) => replay.body.state === 'completed',
  );
  await pass(23);
  await round();
  expect((await api.get(path)).status).toBe(200);
  await pass(2);
  await round();
  expect((await api.get(path)).status).toBe(404);
});
