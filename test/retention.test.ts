import { Test } from '@nestjs/testing';
import { Client } from 'pg';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigModule } from '../src/config/config.module.js';
import { DatabaseModule } from '../src/database/database.module.js';
import { LoggingModule } from '../src/logging/logging.module.js';
import { RetentionModule } from '../src/retention/retention.module.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { Retention } from '../src/retention/retention.service.js';
import { TwilioCallback } from './support/twilio-callback.js';
import { moveClock } from './support/clock.js';
import { Provider, startTestService, type ServiceUnderTest } from './support/service.js';

const HOUR = 3_600_000;
const TO = '+15551230001';
const REFUSED = { fault: { kind: 'status', status: 400, code: 21211 } };

/** The service, and retention as another process of it would run it. */
async function start(env: Record<string, string>) {
  const service = await startTestService(env);
  const retention = async () => {
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.register(service.configuration),
        LoggingModule.register(pino({ level: 'silent' })),
        DatabaseModule,
        RetentionModule,
      ],
    }).compile();
    await module.init();
    onTestFinished(() => module.close());
    return module.get(Retention);
  };
  return { ...service, provider: new Provider(service.simulator.url), retention };
}

async function one(
  { database }: Pick<ServiceUnderTest, 'database'>,
  sql: string,
  ...values: unknown[]
): Promise<unknown> {
  const { rows } = await database.query<Record<string, unknown>>(sql, values);
  return rows[0] && Object.values(rows[0])[0];
}

/** What is left of the words of a notification: the client's, a human's, the provider's. */
async function words(service: Pick<ServiceUnderTest, 'database'>, id: string): Promise<string[]> {
  const { rows } = await service.database.query<{ source: string }>(
    `SELECT 'content' AS source FROM notifications WHERE id = $1 AND content IS NOT NULL
     UNION SELECT 'corrections' FROM deliveries WHERE notification_id = $1 AND changes::jsonb ? 'content'
     UNION SELECT 'answers' FROM failures WHERE notification_id = $1 AND provider_body IS NOT NULL
     UNION SELECT 'reports' FROM callbacks WHERE notification_id = $1 AND params::text <> '{}' ORDER BY 1`,
    [id],
  );
  return rows.map((row) => row.source);
}

async function delivered(api: ServiceUnderTest['api']): Promise<string> {
  const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
  await api.untilStatus(id, 'delivered');
  return id;
}

/** The notification once its first callback of this status is on disk. */
function reported({ api }: Pick<ServiceUnderTest, 'api'>, id: string, status: string): Promise<NotificationDto> {
  return api.until(id, ({ deliveries }) => deliveries[0]?.callbacks.some((each) => each.status === status) ?? false);
}

async function report(
  service: ServiceUnderTest,
  delivery: NotificationDto['deliveries'][number] | undefined,
  status: string,
  code?: string,
): Promise<void> {
  const answer = await new TwilioCallback(service).message(
    delivery?.attempts[0]?.id ?? '',
    delivery?.providerSid ?? '',
    status,
    { Body: 'Secret words', ...(code ? { ErrorCode: code } : {}) },
  );
  expect(answer.status).toBe(204);
}

/** A transaction of somebody's that locks rows of a notification. @returns what ends it */
async function hold(databaseUrl: string, lock: string, id: string): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: databaseUrl });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('BEGIN');
  await holder.query(lock, [id]);
  return async () => void (await holder.query('ROLLBACK'));
}

describe('the retention of bodies', () => {
  it('deletes what ended notifications said, and comes back to those that end later', async () => {
    const service = await start({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, { times: 1, fault: { kind: 'status', status: 429 } });
    await provider.fail('+15551230002', REFUSED);
    const delivered = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const buried = await api.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' });
    const sendAt = new Date(Date.now() + 20 * 24 * HOUR).toISOString();
    const scheduled = await api.send({ to: '+15551230003', channels: ['sms'], body: 'Hello', sendAt });
    await api.untilStatus(delivered, 'delivered');
    const { deadLetter } = await api.untilStatus(buried, 'failed');
    expect(await words(service, delivered)).toEqual(['answers', 'content', 'reports']);

    await moveClock(databaseUrl, 1.9 * HOUR);
    expect(await retention.round()).toEqual({ bodies: 0, notifications: 0 });
    expect(await words(service, delivered)).toEqual(['answers', 'content', 'reports']);

    await moveClock(databaseUrl, HOUR);
    await retention.round();
    expect(await words(service, delivered)).toEqual([]);
    expect(await words(service, buried)).toEqual([]);
    expect(await words(service, scheduled)).toEqual(['content']);
    const shown = await api.get(`/v1/notifications/${delivered}`);
    expect(shown).toMatchObject({ status: 200, body: { status: 'delivered', to: TO } });

    await api.post(`/v1/notifications/${scheduled}/cancel`);
    await provider.heal();
    const changes = { body: 'New words' };
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes });
    await api.untilStatus(buried, 'delivered');
    expect(await words(service, buried)).toEqual(['corrections', 'reports']);
    await retention.round();
    expect(await words(service, buried)).toEqual(['corrections', 'reports']);

    await moveClock(databaseUrl, 2.1 * HOUR);
    expect(await retention.round()).toEqual({ bodies: 2, notifications: 0 });
    expect(await words(service, buried)).toEqual([]);
    expect(await words(service, scheduled)).toEqual([]);
    expect(await one(service, 'SELECT count(*)::int FROM body_retention_later')).toBe(0);
  });
});

describe('what is left of a notification without its words', () => {
  it('is not sent on a channel for which a human gave no new ones: a human decides again', async () => {
    const service = await start({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, [
      { times: 1, fault: { kind: 'status', status: 400, code: 21618 } },
      { times: 1, match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21614 } },
    ]);
    const id = await api.send({ to: TO, channels: ['sms', 'voice'], body: 'Secret words' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    const changes = { content: { sms: { body: 'Short' } } };
    expect((await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes })).status).toBe(200);
    const failed = await api.until(
      id,
      ({ status, deliveries }) => deliveries.length > 1 && ['failed', 'delivered'].includes(status),
    );
    expect(failed).toMatchObject({
      status: 'failed',
      channel: 'sms',
      deadLetter: { state: 'open', errorClass: 'recipient_unreachable', providerCode: 21614 },
    });
    expect((await provider.creates(TO)).map(({ params }) => params['Body'])).toEqual(['Secret words', 'Short']);
  });

  it('is not blamed on the provider when a late callback asks for a fallback that has nothing to say', async () => {
    const service = await start({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, { fault: { kind: 'callback', status: 'sent' } });
    const id = await api.send({ to: TO, channels: ['whatsapp', 'voice'], body: 'Secret words' });
    const { deliveries } = await reported(service, id, 'sent');
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    expect(await words(service, id)).toEqual([]);
    await report(service, deliveries[0], 'undelivered', '63016');
    expect(await api.untilStatus(id, 'failed')).toMatchObject({
      deadLetter: { state: 'open', errorClass: 'channel_unavailable', channel: 'whatsapp' },
    });
    expect(await provider.creates(TO)).toHaveLength(1);
  });
});

describe('words that come after all others were deleted', () => {
  it("are deleted in their turn: a late callback's, a human's and the provider's", async () => {
    const service = await start({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    const read = '+15551230009';
    await provider.fail(TO, { fault: { kind: 'callback', status: 'sent' } });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Secret words' });
    const late = await api.send({ to: read, channels: ['whatsapp'], body: 'Secret words' });
    const sent = await reported(service, id, 'sent');
    const received = await reported(service, late, 'delivered');
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    expect([...(await words(service, id)), ...(await words(service, late))]).toEqual([]);

    await report(service, received.deliveries[0], 'read');
    await report(service, sent.deliveries[0], 'undelivered', '30007');
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await provider.heal();
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes: { body: 'New secret words' } });
    await api.untilStatus(id, 'delivered');
    expect(await words(service, id)).toEqual(['answers', 'corrections', 'reports']);
    expect(await words(service, late)).toEqual(['reports']);
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    expect([...(await words(service, id)), ...(await words(service, late))]).toEqual([]);
    expect(await one(service, 'SELECT count(*)::int FROM body_retention_later')).toBe(0);
  });
});

describe('the retention of history', () => {
  it('deletes a notification with everything of it, but not before its key may go', async () => {
    const env = { HISTORY_RETENTION_DAYS: '1', IDEMPOTENCY_TTL_HOURS: '48' };
    const service = await start(env);
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, { times: 1, fault: { kind: 'status', status: 429 } });
    await provider.fail('+15551230002', REFUSED);
    const request = { to: TO, channels: ['sms'], body: 'Hello' };
    const old = await api.send(request, 'order-17');
    const buried = await api.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' });
    const sendAt = new Date(Date.now() + 20 * 24 * HOUR).toISOString();
    const scheduled = await api.send({ to: '+15551230003', channels: ['sms'], body: 'Hello', sendAt });
    await api.untilStatus(old, 'delivered');
    const { deadLetter } = await api.untilStatus(buried, 'failed');

    await moveClock(databaseUrl, 47 * HOUR);
    expect(await retention.round()).toMatchObject({ notifications: 0 });
    expect(await api.send(request, 'order-17')).toBe(old);

    await moveClock(databaseUrl, 2 * HOUR);
    expect(await retention.round()).toMatchObject({ notifications: 1 });
    expect((await api.get(`/v1/notifications/${old}`)).status).toBe(404);
    for (const table of ['deliveries', 'attempts', 'failures', 'callbacks', 'decisions']) {
      expect(await one(service, `SELECT count(*)::int FROM ${table} WHERE notification_id = $1`, old)).toBe(0);
    }
    expect((await api.get(`/v1/notifications/${buried}`)).status).toBe(200);
    expect((await api.get(`/v1/notifications/${scheduled}`)).status).toBe(200);
    expect(await api.send(request, 'order-17')).not.toBe(old);

    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/discard`);
    await moveClock(databaseUrl, HOUR);
    await retention.round();
    expect((await api.get(`/v1/notifications/${buried}`)).status).toBe(404);
    expect(await one(service, 'SELECT count(*)::int FROM dead_letters')).toBe(0);
  });
});

describe('a round', () => {
  it('forgets who was not on a channel once that may have changed, however many they are', async () => {
    const service = await start({ ROLE: 'api' });
    const retention = await service.retention();
    await service.database.query(`
      INSERT INTO unavailable_channels (recipient, channel, until)
      SELECT '+1555' || (1000000 + n), 'whatsapp', service_now() + n * interval '1 minute' FROM generate_series(1, 1200) AS n`);
    await moveClock(service.databaseUrl, 17.01 * HOUR);
    await retention.round();
    expect(await one(service, 'SELECT count(*)::int FROM unavailable_channels')).toBe(180);
    expect(await one(service, 'SELECT count(*)::int FROM unavailable_channels WHERE until <= service_now()')).toBe(0);
  });

  it('goes through many, by several replicas at once, each notification once', async () => {
    const service = await start({ ROLE: 'api', HISTORY_RETENTION_DAYS: '10' });
    const replicas = [await service.retention(), await service.retention()];
    await service.database.query(`
      INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, request_hash,
        on_unknown, created_at, updated_at)
      SELECT new_uuid_v7(), gen_random_uuid(), 'sent', '+15551230001', '{sms}', 'sms', 'otp', '{"body":"Hello"}', '',
        'resend', service_now(), service_now()
      FROM generate_series(1, 1300)`);
    await moveClock(service.databaseUrl, 40 * 24 * HOUR);
    const rounds = await Promise.all(replicas.map((retention) => retention.round()));
    rounds.push(...(await Promise.all(replicas.map((retention) => retention.round()))));
    expect(rounds.reduce((sum, { notifications }) => sum + notifications, 0)).toBe(1300);
    expect(await one(service, 'SELECT count(*)::int FROM notifications')).toBe(0);
  });

  it('passes over a notification that somebody holds, and takes it in a later round', async () => {
    const service = await start({
      BODY_RETENTION_HOURS: '1',
      HISTORY_RETENTION_DAYS: '1',
      IDEMPOTENCY_TTL_HOURS: '24',
    });
    const { api, databaseUrl } = service;
    const retention = await service.retention();
    const [held, other] = [await delivered(api), await delivered(api)];
    const letGo = await hold(databaseUrl, 'SELECT 1 FROM notifications WHERE id = $1 FOR UPDATE', held);
    await moveClock(databaseUrl, 2 * HOUR);
    expect(await retention.round()).toEqual({ bodies: 1, notifications: 0 });
    expect(await words(service, held)).toContain('content');
    expect(await words(service, other)).toEqual([]);

    await moveClock(databaseUrl, 24 * HOUR);
    expect(await retention.round()).toEqual({ bodies: 0, notifications: 1 });
    expect((await api.get(`/v1/notifications/${other}`)).status).toBe(404);

    await letGo();
    expect(await retention.round()).toEqual({ bodies: 1, notifications: 1 });
    expect((await api.get(`/v1/notifications/${held}`)).status).toBe(404);
  });

  it('waits no longer than a moment for a row of a notification, and goes on with other work meanwhile', async () => {
    const service = await start({
      BODY_RETENTION_HOURS: '1',
      HISTORY_RETENTION_DAYS: '1',
      IDEMPOTENCY_TTL_HOURS: '24',
    });
    const { api, databaseUrl } = service;
    const retention = await service.retention();
    const old = await delivered(api);
    await moveClock(databaseUrl, 30 * HOUR);
    const held = await delivered(api);
    await moveClock(databaseUrl, 2 * HOUR);
    const letGo = await hold(databaseUrl, 'SELECT 1 FROM callbacks WHERE notification_id = $1 FOR UPDATE', held);
    expect(await retention.round()).toEqual({ bodies: 0, notifications: 1 });
    expect((await api.get(`/v1/notifications/${old}`)).status).toBe(404);
    expect(await words(service, held)).toContain('content');
    await letGo();
    expect(await retention.round()).toEqual({ bodies: 1, notifications: 0 });
    expect(await words(service, held)).toEqual([]);
  });
});
