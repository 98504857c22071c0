import { describe, expect, it } from 'vitest';
import { describedBy, fetchDescribed, type Exchange } from './support/openapi.exchanges.js';
import { shareTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const NOTIFICATIONS = '/v1/notifications';
const SMS = { to: '+15551230001', channels: ['sms'], body: 'Hello' };

const service = shareTestService();

/** Every test's client looks for these itself; see support/service.ts. */
describe('what differs from the OpenAPI document is noticed', () => {
  const JSON_BODY = { 'content-type': 'application/json' };
  const PROBLEM = { 'content-type': 'application/problem+json' };
  const key = { id: '019aab6e-0000-7000-8000-000000000001', clientId: '019aab6e-0000-7000-8000-000000000002' };
  const created = { ...key, clientName: 'a', name: 'b', scopes: ['read'], createdAt: '2026-11-22T09:30:12.345Z' };
  const answer = { status: 201, headers: JSON_BODY, body: { ...created, secret: 'pr_1' } };
  const asked = { headers: JSON_BODY, body: { name: 'b', scopes: ['read'] } };

  it.each([
    ['nothing', {}, undefined],
    ['a status', { answered: { ...answer, status: 200 } }, /answers 200, which is not documented/],
    ['a media type', { answered: { ...answer, headers: { 'content-type': 'text/html' } } }, /is text\/html/],
    ['a property too few', { answered: { ...answer, body: created } }, /secret/],
    ['a property too many', { answered: { ...answer, body: { ...answer.body, more: 1 } } }, /"more"/],
    ['another word', { answered: { ...answer, body: { ...answer.body, scopes: ['write'] } } }, /allowed values/],
    ['a local time', { answered: { ...answer, body: { ...answer.body, createdAt: '2026-11-22T09:30' } } }, /date-time/],
    ['a header too many', { answered: { ...answer, headers: { ...JSON_BODY, location: '/' } } }, /header location/],
    ['a header too few', { answered: { status: 503, headers: PROBLEM, body: {} } }, /lacks the header retry-after/],
    ['a body that is taken', { asked: { ...asked, body: { ...asked.body, more: 1 } } }, /takes a body .*"more"/],
    ['no body where one is needed', { asked: { headers: {}, body: undefined } }, /goes without the body/],
    ['a parameter that is taken', { path: '/v1/admin/api-keys?more=1' }, /takes the parameter more/],
    ['a route', { path: '/v1/admin/keys' }, /POST \/v1\/admin\/keys: is not documented/],
    ['no route, where there is none', { path: '/v1/keys', answered: { ...answer, status: 404 } }, undefined],
    ['a method', { method: 'PUT' }, /PUT .*is not documented/],
  ])('%s', async (_, different, complaint) => {
    const usual = { method: 'POST', path: '/v1/admin/api-keys', asked, answered: answer };
    const exchange = { ...usual, ...different };
    const complaints = (await describedBy(service().url)).complaints({
      ...exchange,
      asked: { ...exchange.asked, headers: new Headers(exchange.asked.headers) },
      answered: { ...exchange.answered, headers: new Headers(exchange.answered.headers) },
    } satisfies Exchange);
    expect(complaints.join('\n')).toMatch(complaint ?? /^$/);
  });
});

describe('what a body may hold is what the OpenAPI document says', () => {
  it.each(['body', 'whatsapp', 'voice', 'category', 'sendAt', 'expiresAt', 'fallbackAfterSeconds', 'onUnknown'])(
    '%s may be null, which is as good as nothing',
    async (name) => {
      const { status } = await service().api.post(NOTIFICATIONS, { ...SMS, sms: { body: 'Hello' }, [name]: null });
      expect(status).toBe(202);
    },
  );

  it('a replay takes null for everything but its filter, and shows no filter that is null', async () => {
    const replay = { channel: null, ratePerSecond: null, dryRun: null, note: null, action: null };
    const filter = { errorClass: null, providerCode: null, channel: 'sms', ids: null };
    const { status, body } = await service().api.post('/v1/admin/dead-letters/replays', { ...replay, filter });
    expect(status).toBe(202);
    expect(body).toMatchObject({ action: 'retry', ratePerSecond: 5, ids: null, filter: { channel: 'sms' } });
  });

  it('a key for a null client is one for a new client', async () => {
    const wish = { name: 'billing', scopes: ['send'], clientId: null };
    expect(await service().api.post('/v1/admin/api-keys', wish)).toMatchObject({
      status: 201,
      body: { clientName: 'billing' },
    });
  });

  it('a number in a body is none as text, and one in a query is of digits', async () => {
    const { api } = service();
    const filter = { providerCode: '30007' };
    expect((await api.post('/v1/admin/dead-letters/replays', { filter, dryRun: true })).status).toBe(400);
    for (const limit of ['1e1', '0x10', '%2B5', '5.0', '']) {
      expect((await api.get(`${NOTIFICATIONS}?limit=${limit}`)).status, limit).toBe(400);
    }
    expect((await api.get(`${NOTIFICATIONS}?limit=5`)).status).toBe(200);
  });

  it.each(['circuits', 'dead-letters'])('commands on %s need no body where nothing has to be said', async (things) => {
    const { api } = service();
    const id = await api.send({ ...SMS, to: '+15005551403' });
    await api.untilStatus(id, 'failed');
    const { body } = await api.get<{ items: { id: string }[] }>(`/v1/admin/${things}?limit=1`);
    const path = `/v1/admin/${things}/${body.items[0]?.id}`;
    const command = things === 'circuits' ? 'close' : 'discard';
    expect((await api.request('POST', `${path}/${command}`)).status).toBe(200);
  });
});

describe('answers of another kind are as the OpenAPI document says', () => {
  it.each(['/health', '/health/live', '/health/ready', '/metrics'])('GET %s', async (path) => {
    // A process that was late a moment ago says so on /health.
    await expect
      .poll(async () => (await fetchDescribed(new Request(service().url + path), undefined)).status)
      .toBe(200);
  });

  it('a form of Twilio that is refused for its size, its type or its signature', async () => {
    const url = `${service().url}/callbacks/twilio/inbound`;
    const send = async (type: string, body: string) =>
      (await fetchDescribed(new Request(url, { method: 'POST', headers: { 'content-type': type }, body }), body))
        .status;
    expect(await send('application/x-www-form-urlencoded', `a=${'x'.repeat(300_000)}`)).toBe(413);
    expect(await send('application/json', '{}')).toBe(415);
    const wrong = await new TwilioCallback(service()).post('/callbacks/twilio/inbound', { From: '+1', To: '+2' }, 'no');
    expect(wrong.status).toBe(403);
  });
});
