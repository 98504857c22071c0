import { describe, expect, it } from 'vitest';
import { HOUR, delivered, hold, one, startRetention, words } from './retention.setup.js';
import { moveClock } from './support/clock.js';

describe('a round', () => {
  it('forgets who was not on a channel once that may have changed, however many they are', async () => {
    const service = await startRetention({ ROLE: 'api' });
    const retention = await service.retention();
    await service.database.query(`
      INSERT INTO unavailable_channels (recipient, channel, until)
      SELECT '+1555' || (1000000 + n), 'whatsapp', service_now() + n * interval '1 minute' FROM generate_series(1, 1200) AS n`);
    await moveClock(service.databaseUrl, 17.01 * HOUR);
    await retention.round();
    expect(await one(service, 'SELECT count(*)::int FROM unavailable_channels')).toBe(180);
    expect(await one(service, 'SELECT count(*)::int FROM unavailable_channels WHERE until <= service_now()')).toBe(0);
  });

  it('forgets what it wanted to look at again once that is gone', async () => {
    const service = await startRetention({ ROLE: 'api' });
    const retention = await service.retention();
    await service.database.query('INSERT INTO body_retention_later (notification_id) VALUES (new_uuid_v7())');
    await retention.round();
    expect(await one(service, 'SELECT count(*)::int FROM body_retention_later')).toBe(0);
  });

  it('leaves a replay that still runs, however long ago it was started', async () => {
    const service = await startRetention({ ROLE: 'api', HISTORY_RETENTION_DAYS: '1', IDEMPOTENCY_TTL_HOURS: '24' });
    const { api, databaseUrl } = service;
    const retention = await service.retention();
    const { body } = await api.post('/v1/admin/dead-letters/replays', { filter: {}, action: 'discard' });
    await moveClock(databaseUrl, 30 * HOUR);
    await retention.round();
    expect(await api.get(`/v1/admin/dead-letters/replays/${String(body['id'])}`)).toMatchObject({
      status: 200,
      body: { state: 'running' },
    });
  });

  it('goes through many, by several replicas at once, each notification once', async () => {
    const service = await startRetention({ ROLE: 'api', HISTORY_RETENTION_DAYS: '10' });
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
    const service = await startRetention({
      BODY_RETENTION_HOURS: '1',
      HISTORY_RETENTION_DAYS: '1',
      IDEMPOTENCY_TTL_HOURS: '24',
    });
    const { api, databaseUrl } = service;
    const retention = await service.retention();
    const [held, other] = [await delivered(service), await delivered(service)];
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
    const service = await startRetention({
      BODY_RETENTION_HOURS: '1',
      HISTORY_RETENTION_DAYS: '1',
      IDEMPOTENCY_TTL_HOURS: '24',
    });
    const { api, databaseUrl } = service;
    const retention = await service.retention();
    const old = await delivered(service);
    await moveClock(databaseUrl, 30 * HOUR);
    const held = await delivered(service);
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
