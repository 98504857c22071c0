import { describe, expect, it } from 'vitest';
import { HOUR, TO, TO_DELIVERED, one, report, reported, startRetention, words } from './retention.setup.js';
import { moveClock } from './support/clock.js';

const REFUSED = { fault: { kind: 'status', status: 400, code: 21211 } };

describe('the retention of bodies', () => {
  it('deletes what ended notifications said, and comes back to those that end later', async () => {
    const service = await startRetention({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, { times: 1, fault: { kind: 'status', status: 429 } });
    await provider.fail('+15551230002', REFUSED);
    const delivered = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const buried = await api.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' });
    const sendAt = new Date(Date.now() + 20 * 24 * HOUR).toISOString();
    const scheduled = await api.send({ to: '+15551230003', channels: ['sms'], body: 'Hello', sendAt });
    await reported(service, delivered, ...TO_DELIVERED);
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
    // A review queue may hold a million for years: who has no words left is not looked at until new ones come.
    const later = await service.database.query('SELECT notification_id FROM body_retention_later');
    expect(later.rows).toEqual([{ notification_id: scheduled }]);
    const shown = await api.get(`/v1/notifications/${delivered}`);
    expect(shown).toMatchObject({ status: 200, body: { status: 'delivered', to: TO } });

    await api.post(`/v1/notifications/${scheduled}/cancel`);
    await provider.heal();
    const changes = { body: 'New words' };
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes });
    await reported(service, buried, ...TO_DELIVERED);
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
    const service = await startRetention({ BODY_RETENTION_HOURS: '2' });
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

  it('still goes to the one whom a human named instead, with the words that a human gives it then', async () => {
    const service = await startRetention({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    const named = '+15551230002';
    for (const to of [TO, named]) await provider.fail(to, { times: 1, ...REFUSED });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Secret words' });
    const retry = (letter: string | undefined, changes: object) =>
      api.post(`/v1/admin/dead-letters/${letter}/retry`, { changes });
    const first = await api.untilStatus(id, 'failed');
    await retry(first.deadLetter?.id, { to: named, body: 'Other secret words' });
    const second = await api.until(id, ({ status, deliveries }) => status === 'failed' && deliveries.length === 2);
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    expect(await words(service, id)).toEqual([]);
    expect((await retry(second.deadLetter?.id, { body: 'New words' })).status).toBe(200);
    await api.untilStatus(id, 'delivered');
    expect((await provider.creates(named)).map(({ params }) => params['Body'])).toEqual([
      'Other secret words',
      'New words',
    ]);
    expect(await provider.creates(TO)).toHaveLength(1);
  });

  it('is not blamed on the provider when a late callback asks for a fallback that has nothing to say', async () => {
    const service = await startRetention({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, { fault: { kind: 'callback', status: 'sent' } });
    const id = await api.send({ to: TO, channels: ['whatsapp', 'voice'], body: 'Secret words' });
    const { deliveries } = await reported(service, id, 'sending', 'sent');
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
    const service = await startRetention({ BODY_RETENTION_HOURS: '2' });
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    const [read, refused] = ['+15551230009', '+15551230010'];
    for (const to of [TO, refused]) await provider.fail(to, { fault: { kind: 'callback', status: 'sent' } });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Secret words' });
    const late = await api.send({ to: read, channels: ['whatsapp'], body: 'Secret words' });
    const buried = await api.send({ to: refused, channels: ['sms'], body: 'Secret words' });
    const sent = await reported(service, id, 'sending', 'sent');
    const received = await reported(service, late, ...TO_DELIVERED);
    const underWay = await reported(service, buried, 'sending', 'sent');
    const left = async () => {
      const found: string[] = [];
      for (const each of [id, late, buried]) found.push(...(await words(service, each)));
      return found;
    };
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    expect(await left()).toEqual([]);

    await report(service, received.deliveries[0], 'read');
    await report(service, underWay.deliveries[0], 'undelivered', '30007');
    await report(service, sent.deliveries[0], 'undelivered', '30007');
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await provider.heal();
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes: { body: 'New secret words' } });
    await reported(service, id, ...TO_DELIVERED);
    expect(await words(service, id)).toEqual(['answers', 'corrections', 'reports']);
    expect(await words(service, late)).toEqual(['reports']);
    expect(await words(service, buried)).toEqual(['answers', 'reports']);
    await moveClock(databaseUrl, 3 * HOUR);
    await retention.round();
    expect(await left()).toEqual([]);
    expect(await one(service, 'SELECT count(*)::int FROM body_retention_later')).toBe(0);
  });
});

describe('the retention of history', () => {
  it('deletes a notification with everything of it, but not before its key may go', async () => {
    const env = { HISTORY_RETENTION_DAYS: '1', IDEMPOTENCY_TTL_HOURS: '48' };
    const service = await startRetention(env);
    const { api, provider, databaseUrl } = service;
    const retention = await service.retention();
    await provider.fail(TO, { times: 1, fault: { kind: 'status', status: 429 } });
    await provider.fail('+15551230002', REFUSED);
    const request = { to: TO, channels: ['sms'], body: 'Hello' };
    const old = await api.send(request, 'order-17');
    const buried = await api.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' });
    const sendAt = new Date(Date.now() + 20 * 24 * HOUR).toISOString();
    const scheduled = await api.send({ to: '+15551230003', channels: ['sms'], body: 'Hello', sendAt });
    await reported(service, old, ...TO_DELIVERED);
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
