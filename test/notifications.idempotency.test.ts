import { describe, expect, it } from 'vitest';
import type { BatchDto } from '../src/notifications/batch.dto.js';
import { moveClock } from './support/clock.js';
import { ADMIN_KEY, ApiClient, Provider, startTestService } from './support/service.js';

const MESSAGE = { to: '+15551240001', channels: ['whatsapp', 'sms'], body: 'Hello' };
const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

/** What is answered to a request that was accepted before under the key `first`: alone and in a batch. */
async function answersTo(request: object, api: ApiClient) {
  const ask = (body: object, key?: string) =>
    api.post('/v1/notifications', body, key === undefined ? {} : { 'idempotency-key': key });
  const again = await ask(request, 'first');
  const other = await ask({ ...request, body: 'Other' }, 'first');
  const notifications = [
    { ...request, idempotencyKey: 'first' },
    { ...request, body: 'Other', idempotencyKey: 'first' },
    { ...request, idempotencyKey: 'new' },
    request,
  ];
  const batch = await api.post<BatchDto>('/v1/notifications/batch', { notifications });
  return {
    again: [again.status, again.headers.get('idempotent-replayed'), again.body],
    other: [other.status, other.body['type'], other.body['notificationId']],
    underAnotherKey: (await ask(request, 'new')).status,
    withoutKey: (await ask(request)).status,
    inBatch: batch.body.results.map(({ id, error }) => id ?? [error?.status, error?.['notificationId']]),
  };
}

/** @param original the answer of then @param refusal the status that anybody else gets now */
function replayOf(original: Record<string, unknown>, refusal: number) {
  return {
    again: [202, 'true', original],
    other: [422, 'urn:postrider:problem:idempotency-conflict', original['id']],
    underAnotherKey: refusal,
    withoutKey: refusal,
    inBatch: [original['id'], [422, original['id']], [refusal, undefined], [refusal, undefined]],
  };
}

describe('a repeated key gives the original answer again', () => {
  it('when expiresAt has passed meanwhile', async () => {
    const { api, databaseUrl } = await startTestService();
    const request = { ...MESSAGE, sendAt: inHours(1), expiresAt: inHours(2) };
    const { body } = await api.post('/v1/notifications', request, { 'idempotency-key': 'first' });
    await moveClock(databaseUrl, 3 * HOUR_MS);
    // The service learns of the time a moment later.
    await expect.poll(async () => (await api.post('/v1/notifications', request)).status).toBe(400);
    expect(await answersTo(request, api)).toEqual(replayOf(body, 400));
  });

  it('when a sender is gone or the country is no longer allowed', async () => {
    const test = await startTestService();
    const request = { ...MESSAGE, sendAt: inHours(1) };
    const { body } = await test.api.post('/v1/notifications', request, { 'idempotency-key': 'first' });
    const changes: Record<string, string>[] = [
      { TWILIO_WHATSAPP_FROM: '' },
      { TWILIO_SMS_FROM: '' },
      { ALLOWED_COUNTRIES: 'DE' },
    ];
    for (const change of changes) {
      const { url } = await test.replica(change);
      expect(await answersTo(request, new ApiClient(url, ADMIN_KEY))).toEqual(replayOf(body, 422));
    }
  });

  it('when its keys come in another order, whatever they are called', async () => {
    const { api } = await startTestService();
    const send = (metadata: string) =>
      api.request(
        'POST',
        '/v1/notifications',
        `{"to":"+15551240001","channels":["sms"],"body":"Hi","metadata":${metadata}}`,
        {
          'content-type': 'application/json',
          'idempotency-key': 'first',
        },
      );
    const first = await send('{"toJSON":1,"a":1,"b":2}');
    const again = await send('{"b":2,"a":1,"toJSON":1}');
    expect([first.status, again.status, again.body['id']]).toEqual([202, 202, first.body['id']]);
    const location = `/v1/notifications/${String(first.body['id'])}`;
    expect([first.headers.get('location'), again.headers.get('location')]).toEqual([location, location]);
    expect((await api.get(location)).body).toMatchObject({ id: first.body['id'] });
    expect((await send('{"b":2,"a":1,"toJSON":2}')).status).toBe(422);
  });

  it('when another channel has taken over meanwhile, wherever PostgreSQL keeps the first delivery now', async () => {
    const { api, database, simulator } = await startTestService();
    const fault = { kind: 'status', status: 400, code: 63003 };
    await new Provider(simulator.url).fail(MESSAGE.to, { match: { channel: 'whatsapp' }, fault });
    const { body } = await api.post('/v1/notifications', MESSAGE, { 'idempotency-key': 'first' });
    await api.untilStatus(String(body['id']), 'delivered');
    expect(await answersTo(MESSAGE, api)).toMatchObject({ again: [202, 'true', body] });
    // An update moves a row behind the others where its page is full.
    await database.query(`
      WITH moved AS (DELETE FROM deliveries WHERE number = 1 RETURNING *) INSERT INTO deliveries SELECT * FROM moved`);
    expect(await answersTo(MESSAGE, api)).toMatchObject({ again: [202, 'true', body] });
  });

  it('to each client its own, also where both repeat it at the same time', async () => {
    const { api } = await startTestService({ ROLE: 'api' });
    const made = await api.post('/v1/admin/api-keys', { name: 'other', scopes: ['send'] });
    const clients = [api, api.as(String(made.body['secret']))];
    const send = (client: ApiClient) => client.send(MESSAGE, 'first');
    const originals = await Promise.all(clients.map(send));
    expect(new Set(originals).size).toBe(2);
    const many = Array.from({ length: 20 }, () => clients).flat();
    expect(await Promise.all(many.map(send))).toEqual(Array.from({ length: 20 }, () => originals).flat());
  });

  it('but not the answer to another client', async () => {
    const test = await startTestService();
    const request = { ...MESSAGE, sendAt: inHours(1) };
    await test.api.post('/v1/notifications', request, { 'idempotency-key': 'first' });
    const made = await test.api.post<{ secret: string }>('/v1/admin/api-keys', { name: 'other', scopes: ['send'] });
    const { url } = await test.replica({ ALLOWED_COUNTRIES: 'DE' });
    const other = new ApiClient(url, made.body.secret);
    expect(await other.post('/v1/notifications', request, { 'idempotency-key': 'first' })).toMatchObject({
      status: 422,
      body: { type: 'urn:postrider:problem:country-not-allowed' },
    });
  });
});

it('a key whose request was refused is free for the corrected one', async () => {
  const { api } = await startTestService({ ROLE: 'api', TWILIO_VOICE_FROM: '', ALLOWED_COUNTRIES: 'US' });
  const key = { 'idempotency-key': 'first' };
  const wrong = [{ to: '12' }, { channels: ['voice'] }, { to: '+4915112345678' }];
  for (const mistake of wrong) {
    const refused = await api.post('/v1/notifications', { ...MESSAGE, ...mistake }, key);
    expect([400, 422]).toContain(refused.status);
  }
  const { status, headers } = await api.post('/v1/notifications', MESSAGE, key);
  expect([status, headers.get('idempotent-replayed')]).toEqual([202, null]);
});
