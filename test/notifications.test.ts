import { describe, expect, it } from 'vitest';
import type { NotificationDto, NotificationSummaryDto } from '../src/notifications/notification.dto.js';
import { expireNow } from './incidents.setup.js';
import { Provider, shareTestService } from './support/service.js';

const service = shareTestService();
const SMS = { channels: ['sms'], body: 'Hello' };
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

/** A number of its own for each test, so that they do not see each other's requests. */
let numbers = 0;
const recipient = () => `+1555123${String((numbers += 1)).padStart(4, '0')}`;

async function clientWith(...scopes: string[]) {
  const { api } = service();
  const made = await api.post<{ secret: string }>('/v1/admin/api-keys', { name: `client ${(numbers += 1)}`, scopes });
  return api.as(made.body.secret);
}

type Errors = { errors: { pointer: string; detail: string }[] };

describe('POST /v1/notifications', () => {
  it('names every field that needs a correction', async () => {
    const answer = await service().api.post<Errors>('/v1/notifications', {
      to: '12',
      channels: ['sms', 'fax'],
      category: 'urgent',
      sendAt: '2026-13-01',
      fallbackAfterSeconds: 0,
      sms: { bodi: 'x' },
      surprise: true,
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.errors.map((error) => error.pointer).toSorted()).toEqual([
      '/category',
      '/channels/1',
      '/fallbackAfterSeconds',
      '/sendAt',
      '/sms/bodi',
      '/surprise',
      '/to',
    ]);
  });

  it.each([
    ['a number of a form that takes long to read', { to: `;phone-context=${'11.'.repeat(22)}11!` }, '/to'],
    ['a long list in place of an object', { whatsapp: Array(50_000).fill(5) }, '/whatsapp'],
  ])('refuses %s in a moment, and says where it is', async (_, wrong, pointer) => {
    const request = { ...SMS, to: recipient(), ...wrong };
    const answer = await service().api.post<Errors>('/v1/notifications', request);
    expect([answer.status, answer.body.errors.map((error) => error.pointer)]).toEqual([400, [pointer]]);
  });

  it.each([
    ['sms', '/sms/body'],
    ['whatsapp', '/whatsapp/contentSid'],
    ['voice', '/voice/say'],
  ])('refuses %s without anything to say', async (channel, pointer) => {
    const answer = await service().api.post<Errors>('/v1/notifications', { to: recipient(), channels: [channel] });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ pointer, detail: expect.stringContaining(channel) }]);
  });

  it('refuses an expiry that has passed, or is not after sendAt', async () => {
    const { api } = service();
    const past = await api.post<Errors>('/v1/notifications', { ...SMS, to: recipient(), expiresAt: soon(-1000) });
    expect([past.status, past.body.errors]).toMatchObject([400, [{ pointer: '/expiresAt' }]]);
    const order = { ...SMS, to: recipient(), sendAt: soon(60_000), expiresAt: soon(30_000) };
    expect((await api.post('/v1/notifications', order)).status).toBe(400);
    const atOnce = { ...order, expiresAt: order.sendAt };
    expect((await api.post('/v1/notifications', atOnce)).status).toBe(400);
  });

  it.each(['with space', 'x'.repeat(256), '"unclosed'])('refuses the key %j', async (key) => {
    const answer = await service().api.post(
      '/v1/notifications',
      { ...SMS, to: recipient() },
      { 'idempotency-key': key },
    );
    expect(answer.status).toBe(400);
  });

  it('accepts text that needs care: quotes, emoji, line breaks, backslashes', async () => {
    const { api, simulator } = service();
    const to = recipient();
    const body = 'Zeile 1\n"zwei" \\ 👩‍🚀 & é \t %00 +';
    const id = await api.send({ to, channels: ['sms'], body, metadata: { note: body } });
    const delivered = await api.untilStatus(id, 'delivered');
    expect(delivered.metadata).toEqual({ note: body });
    expect((await new Provider(simulator.url).creates(to))[0]?.params['Body']).toBe(body);
  });

  it.each([
    ['a number that JSON has no name for', '{"price":1e999}'],
    ['the same, deep inside and negative', '{"items":[{"price":[1,-1e999]}]}'],
    ['a hundred levels and one', `{"deep":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['more than a thousand levels', `{"deep":${'['.repeat(1500)}${']'.repeat(1500)}}`],
  ])('refuses metadata with %s', async (_, metadata) => {
    const body = JSON.stringify({ ...SMS, to: recipient(), metadata: 0 }).replace(
      '"metadata":0',
      `"metadata":${metadata}`,
    );
    const answer = await service().api.post<Errors>('/v1/notifications', body);
    expect([answer.status, answer.body.errors]).toMatchObject([400, [{ pointer: '/metadata' }]]);
  });

  it('accepts metadata of a hundred levels, with null, the text "null" and the largest number', async () => {
    const { api } = service();
    const deep = (levels: number): unknown => (levels === 0 ? Number.MAX_VALUE : [deep(levels - 1)]);
    const metadata = { deep: deep(98), nothing: null, text: 'null' };
    const id = await api.send({ ...SMS, to: recipient(), sendAt: soon(3_600_000), metadata });
    expect((await api.get(`/v1/notifications/${id}`)).body).toMatchObject({ metadata });
  });

  it.each([
    ['9999-12-31T23:59:59-12:00', 'in the year 10000 of UTC'],
    ['0001-01-01T00:00:00+12:00', 'in the year 0 of UTC'],
    ['0000-12-31T23:00:00-12:00', 'in the year 0 where it is written'],
    ['2026-12-01T09:00:00+16:00', 'at an offset that nobody has'],
    ['2026-12-01T09:00:00+10:60', 'at an offset of sixty minutes'],
    ['2027-02-29T09:00:00Z', 'on a day that is none'],
    ['2026-12-01T09:00:00', 'without an offset'],
  ])('refuses %s, a moment %s, wherever one is asked for', async (moment) => {
    const { api } = service();
    const answer = await api.post<Errors>('/v1/notifications', { ...SMS, to: recipient(), sendAt: moment });
    expect([answer.status, answer.body.errors]).toMatchObject([400, [{ pointer: '/sendAt' }]]);
    const from = encodeURIComponent(moment);
    for (const list of ['notifications', 'admin/failures', 'admin/failures/summary']) {
      const { status, body } = await api.get<Errors>(`/v1/${list}?from=${from}`);
      expect([list, status, body.errors]).toMatchObject([list, 400, [{ pointer: '/from' }]]);
    }
  });

  it.each(['9999-12-31T23:59:59Z', '9999-12-31T12:00:00+15:59', '2099-02-28T09:00:00.123456789-15:59'])(
    'accepts %s',
    async (sendAt) => {
      const answer = await service().api.post('/v1/notifications', { ...SMS, to: recipient(), sendAt });
      expect(answer).toMatchObject({
        status: 202,
        body: { sendAt: new Date(sendAt).toISOString(), status: 'scheduled' },
      });
    },
  );

  it('takes null for nothing', async () => {
    const nothing = { sendAt: null, expiresAt: null, sms: null, category: null, metadata: null };
    const answer = await service().api.post('/v1/notifications', { ...SMS, to: recipient(), ...nothing });
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'queued', sendAt: null, expiresAt: null, category: 'transactional', metadata: {} },
    });
  });

  it.each([
    ['otp', true],
    ['alert', true],
    ['transactional', true],
    ['marketing', false],
  ])('says whether it is critical: %s, %s', async (category, critical) => {
    const { api } = service();
    const answer = await api.post('/v1/notifications', { ...SMS, to: recipient(), category });
    expect(answer.body).toMatchObject({ category, critical });
    expect((await api.get(`/v1/notifications/${String(answer.body['id'])}`)).body).toMatchObject({
      category,
      critical,
    });
  });

  it('refuses text that cannot be stored', async () => {
    const { api } = service();
    for (const bad of ['a\u0000b', '\ud800']) {
      const answer = await api.post<Errors>('/v1/notifications', { to: recipient(), channels: ['sms'], body: bad });
      expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([400, '/body']);
      const meta = await api.post('/v1/notifications', { ...SMS, to: recipient(), metadata: { deep: [bad] } });
      expect(meta.status).toBe(400);
    }
  });
});

describe('GET /v1/notifications', () => {
  it('shows a client its own notifications only', async () => {
    const [one, two] = [await clientWith('send', 'read'), await clientWith('send', 'read')];
    const id = await one.send({ ...SMS, to: recipient() });
    expect((await one.get(`/v1/notifications/${id}`)).status).toBe(200);
    expect((await two.get(`/v1/notifications/${id}`)).status).toBe(404);
    expect((await two.post(`/v1/notifications/${id}/cancel`)).status).toBe(404);
    expect((await two.get<{ items: unknown[] }>('/v1/notifications')).body.items).toEqual([]);
  });

  it('searches by status, channel, recipient, category, time and metadata, page by page', async () => {
    const api = await clientWith('send', 'read');
    const to = recipient();
    const ids: string[] = [];
    for (const n of [1, 2, 3]) {
      ids.push(await api.send({ ...SMS, to, category: 'otp', sendAt: soon(3_600_000), metadata: { n: String(n) } }));
    }
    await api.send({ ...SMS, to: recipient(), sendAt: soon(3_600_000) });
    const search = async (query: string) => {
      const { body } = await api.get<{ items: NotificationSummaryDto[]; nextCursor: string | null }>(
        `/v1/notifications?${query}`,
      );
      return { ids: body.items.map((item) => item.id), next: body.nextCursor };
    };
    const filter = `status=scheduled&channel=sms&category=otp&to=${encodeURIComponent(to)}&from=${soon(-60_000)}&until=${soon(60_000)}`;
    const first = await search(`${filter}&limit=2`);
    expect(first.ids).toEqual([ids[2], ids[1]]);
    const second = await search(`${filter}&limit=2&cursor=${first.next}`);
    expect(second).toEqual({ ids: [ids[0]], next: null });
    expect((await search('metadata[n]=2')).ids).toEqual([ids[1]]);
    expect((await search('category=otp')).ids).toEqual(ids.toReversed());
    expect((await api.get('/v1/notifications?limit=0')).status).toBe(400);
    expect((await api.get('/v1/notifications?cursor=nonsense')).status).toBe(400);
    expect((await api.get('/v1/notifications?colour=red')).status).toBe(400);
  });
});

describe('time', () => {
  it('waits for sendAt and can be canceled until then', async () => {
    const { api, simulator } = service();
    const to = recipient();
    const id = await api.send({ ...SMS, to, sendAt: soon(3_600_000) });
    const scheduled = (await api.get<NotificationDto>(`/v1/notifications/${id}`)).body;
    expect(scheduled).toMatchObject({ status: 'scheduled', nextAttemptAt: scheduled.sendAt });
    const canceled = await api.post<NotificationDto>(`/v1/notifications/${id}/cancel`);
    expect(canceled).toMatchObject({ status: 200, body: { status: 'canceled', nextAttemptAt: null } });
    expect(await new Provider(simulator.url).creates(to)).toEqual([]);
  });

  it('takes a sendAt that has passed for now', async () => {
    const { api } = service();
    const answer = await api.post('/v1/notifications', { ...SMS, to: recipient(), sendAt: soon(-60_000) });
    const { createdAt } = answer.body;
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'queued', nextAttemptAt: createdAt, deliveries: [{ status: 'queued' }] },
    });
  });

  it('sends at sendAt', async () => {
    const { api } = service();
    const sendAt = soon(700);
    const id = await api.send({ ...SMS, to: recipient(), sendAt });
    const delivered = await api.untilStatus(id, 'delivered');
    const startedAt = delivered.deliveries[0]?.attempts[0]?.startedAt ?? '';
    expect(+new Date(startedAt)).toBeGreaterThanOrEqual(+new Date(sendAt));
  });

  it('refuses to cancel what is sent', async () => {
    const { api } = service();
    const id = await api.send({ ...SMS, to: recipient() });
    await api.untilStatus(id, 'sent', 'delivered');
    expect(await api.post(`/v1/notifications/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { detail: 'This notification is already sent; only one that has not been sent can be canceled.' },
    });
  });

  it('expires what was not accepted in time', async () => {
    const { api, database, simulator } = service();
    const to = recipient();
    await new Provider(simulator.url).fail(to, { fault: { kind: 'status', status: 429, retryAfter: 30 } });
    const id = await api.send({ ...SMS, to, expiresAt: soon(3_600_000) });
    await api.until(id, ({ deliveries }) => deliveries[0]?.attempts.length === 1);
    await expireNow(database, id);
    const expired = await api.untilStatus(id, 'expired');
    expect(expired).toMatchObject({ deadLetter: null, deliveries: [{ status: 'expired' }] });
    expect((await api.post(`/v1/notifications/${id}/cancel`)).body).toMatchObject({
      detail: 'There is nothing to cancel: it expired, and it will not be sent.',
    });
    expect(await new Provider(simulator.url).creates(to)).toHaveLength(1);
  });

  it('falls back when a delivery is accepted but not delivered in time', async () => {
    const { api, simulator } = service();
    const to = recipient();
    await new Provider(simulator.url).fail(`whatsapp:${to}`, { fault: { kind: 'callback', status: 'sent' } });
    const id = await api.send({ to, channels: ['whatsapp', 'sms'], body: 'Hello', fallbackAfterSeconds: 1 });
    const delivered = await api.untilStatus(id, 'delivered');
    expect(delivered.deliveries.map((delivery) => [delivery.channel, delivery.status])).toEqual([
      ['whatsapp', 'sent'],
      ['sms', 'delivered'],
    ]);
  });
});

describe('opt-out', () => {
  it('sends nothing more to a recipient who opted out of the sender', async () => {
    const { api, simulator } = service();
    const to = '+15005552610';
    await api.untilStatus(await api.send({ ...SMS, to }), 'failed');
    const again = await api.untilStatus(await api.send({ ...SMS, to, body: 'Again' }), 'failed');
    expect(again).toMatchObject({ deadLetter: null, deliveries: [{ attempts: [] }] });
    expect(await new Provider(simulator.url).creates(to)).toHaveLength(1);
  });
});
