import { describe, expect, it } from 'vitest';
import type { ExplanationDto } from '../src/explain/explanation.dto.js';
import type { CircuitDto } from '../src/incidents/circuits.dto.js';
import { Provider, startTestService, UNDER_WAY, type ServiceUnderTest } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const TO = '+15551230001';

async function start(env: Record<string, string> = {}, simulator: Parameters<typeof startTestService>[1] = {}) {
  const service = await startTestService(env, simulator);
  return { ...service, provider: new Provider(service.simulator.url) };
}

async function explain({ api }: Pick<ServiceUnderTest, 'api'>, id: string): Promise<ExplanationDto> {
  const { status, body } = await api.get<ExplanationDto>(`/v1/notifications/${id}/explain`);
  expect(status).toBe(200);
  return body;
}

/** Calls back once the answer to the latest attempt is recorded: before, it would be told in another order. */
async function report(service: ServiceUnderTest, id: string, status: string, more: Record<string, string> = {}) {
  const { deliveries } = await service.api.until(id, ({ deliveries: all }) => {
    const { outcome, httpStatus } = all.at(-1)?.attempts.at(-1) ?? {};
    return outcome === 'accepted' && httpStatus === 201;
  });
  const { attempts, providerSid } = deliveries.at(-1) ?? {};
  const answer = await new TwilioCallback(service).message(
    String(attempts?.at(-1)?.id),
    String(providerSid),
    status,
    more,
  );
  expect(answer.status).toBe(204);
}

/** The sentences with their times of day taken out. */
function sentences({ decisions }: ExplanationDto): string[] {
  return decisions.map(({ sentence }) => sentence.replaceAll(/\d\d:\d\d:\d\d/g, 'HH:MM:SS'));
}

describe('the explanation of a notification', () => {
  it('tells of an outage, the question and the second attempt in order of time', async () => {
    const service = await start({}, UNDER_WAY);
    const { api, provider } = service;
    await provider.fail(TO, { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const id = await api.send({ to: TO, channels: ['sms', 'voice'], body: 'My secret' });
    await report(service, id, 'delivered');
    const explanation = await explain(service, id);
    expect(explanation).toMatchObject({ id, status: 'delivered', next: null });
    expect(sentences(explanation)).toEqual([
      'It was accepted for sms, then voice.',
      expect.stringMatching(
        /^Twilio answered 503 to attempt 1 on sms at HH:MM:SS \(code 20503: .+\); that is the provider's fault, and the message may have been accepted; Twilio is asked at HH:MM:SS before anything is sent again\.$/,
      ),
      "Asked whether it was accepted: the provider's list does not show it. It is to be sent again, as a possible duplicate.",
      'Twilio accepted attempt 2 on sms at HH:MM:SS; the recipient may get it twice.',
      'Twilio reported it delivered on sms at HH:MM:SS.',
    ]);
    expect(explanation.decisions.map(({ rule }) => rule)).toEqual([
      'acceptance',
      'Twilio code 20503',
      'reconciliation',
      'HTTP status 201',
      'callback',
    ]);
    const times = explanation.decisions.map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
    expect(explanation.decisions[1]).toMatchObject({ deliveryId: expect.any(String), attemptId: expect.any(String) });
    const text = JSON.stringify(explanation);
    expect(text).not.toContain('secret');
    expect(text).not.toContain(TO);
  });

  it('tells of a fallback after a failed callback, of a human, and of what a human must decide', async () => {
    const service = await start({}, UNDER_WAY);
    const { api, provider } = service;
    await provider.fail(TO, { match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21211 } });
    const id = await api.send({ to: TO, channels: ['whatsapp', 'sms'], body: 'Hello' });
    await report(service, id, 'undelivered', { ErrorCode: '63016' });
    const failed = await api.untilStatus(id, 'failed');
    const waiting = await explain(service, id);
    expect(sentences(waiting)).toEqual([
      'It was accepted for whatsapp, then sms.',
      'Twilio accepted attempt 1 on whatsapp at HH:MM:SS.',
      expect.stringMatching(/^Twilio reported it undelivered on whatsapp at .+ \(code 63016: .+\); .+; sms is next\.$/),
      expect.stringMatching(
        /^Twilio answered 400 to attempt 1 on sms .+ the message was not accepted; a human decides: .+no other channel is left\.$/,
      ),
    ]);
    expect(waiting.next).toEqual({ sentence: 'It waits in the review queue until a human decides.', at: null });

    await api.post(`/v1/admin/dead-letters/${failed.deadLetter?.id}/discard`, { note: 'private words' });
    const discarded = await explain(service, id);
    expect(sentences(discarded).at(-1)).toBe('A human discarded it: nothing more is sent.');
    expect(discarded.next).toBeNull();
    expect(JSON.stringify(discarded)).not.toContain('private');
  });

  it('says when the next attempt or question comes, and until when a receipt is awaited', async () => {
    const service = await start({ RETRY_BASE_MS: '600000', RETRY_BUDGET_MS: '86400000' });
    const { api, provider } = service;
    await provider.fail('+15551230002', { fault: { kind: 'status', status: 503 } });
    await provider.fail('+15551230003', { fault: { kind: 'status', status: 429 } });
    await provider.fail('+15551230004', { fault: { kind: 'callback', status: 'sent' } });
    const sendAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const scheduled = await api.send({ to: TO, channels: ['sms'], body: 'Hello', sendAt });
    const unknown = await api.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' });
    const limited = await api.send({ to: '+15551230003', channels: ['sms'], body: 'Hello' });
    const watched = await api.send({
      to: '+15551230004',
      channels: ['sms', 'voice'],
      body: 'Hello',
      fallbackAfterSeconds: 600,
    });
    expect((await explain(service, scheduled)).next).toEqual({
      sentence: `Attempt 1 on sms starts at ${sendAt.slice(0, 10)} ${sendAt.slice(11, 19)}.`,
      at: sendAt,
    });
    await api.until(unknown, ({ deliveries }) => deliveries[0]?.attempts.length === 1);
    expect((await explain(service, unknown)).next).toMatchObject({
      sentence: expect.stringMatching(/^Twilio is asked at .+ whether it accepted attempt 1 on sms, before anything/),
      at: expect.any(String),
    });
    await api.until(limited, ({ deliveries }) => deliveries[0]?.attempts.length === 1);
    expect((await explain(service, limited)).next?.sentence).toMatch(/^Attempt 2 on sms starts at .+\.$/);
    await api.untilStatus(watched, 'sent');
    expect((await explain(service, watched)).next?.sentence).toMatch(/^Twilio's delivery receipt .+ voice is next\.$/);
  });

  it('promises no attempt that its expiresAt comes before', async () => {
    const service = await start({ RETRY_BASE_MS: '600000', RETRY_BUDGET_MS: '86400000' });
    const { api, provider } = service;
    await provider.fail(TO, { fault: { kind: 'status', status: 429 } });
    const expiresAt = new Date(Date.now() + 300_000).toISOString();
    const id = await api.send({ to: TO, channels: ['sms', 'voice'], body: 'Your code', category: 'otp', expiresAt });
    const limited = await api.until(id, ({ deliveries }) => deliveries[0]?.attempts.length === 1);
    expect(limited.nextAttemptAt).toBeNull();
    expect((await explain(service, id)).next).toEqual({
      sentence: expect.stringMatching(
        /^Attempt 2 on sms would start at .+; its expiresAt comes before that, so it is not sent again\.$/,
      ),
      at: expiresAt,
    });
  });

  it.each([
    ['open', 'operator', null, 'It stays so until an operator closes the circuit.'],
    ['open', 'authentication', null, 'It stays so until an operator brings other credentials or closes the circuit.'],
    [
      'open',
      'quota',
      '2120-12-02T10:00:01Z',
      'One of the sends that wait there tries again at 2120-12-02 10:00:01; the others follow when it is accepted.',
    ],
    ['half_open', 'incident', null, 'What waits there goes out in growing steps now.'],
  ])('says which circuit holds it, and what lets it out: %s, %s', async (state, cause, nextProbeAt, wayOut) => {
    const service = await start({ ROLE: 'api' });
    const id = await service.api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    await service.database.query(
      `WITH circuit AS (
        INSERT INTO circuits (id, scope, state, cause, reason, opened_at, next_probe_at)
        VALUES (gen_random_uuid(), 'sender:+15005550006', $1, $2, 'maintenance', now(), $3)
        ON CONFLICT (scope) DO UPDATE SET state = EXCLUDED.state, cause = EXCLUDED.cause, reason = EXCLUDED.reason,
          opened_at = EXCLUDED.opened_at, next_probe_at = EXCLUDED.next_probe_at
        RETURNING id
      ) UPDATE outbox SET held_by = circuit.id FROM circuit`,
      [state, cause, nextProbeAt],
    );
    expect((await explain(service, id)).next).toEqual({
      sentence: `It is sent when the circuit of sender:+150•••0006 lets it (maintenance); waiting there spends no retry. ${wayOut}`,
      at: null,
    });
  });

  it('tells a client why it waits, and neither the note of the operator who stopped it nor the account', async () => {
    const { api } = await start();
    const circuits = await api.get<{ items: CircuitDto[] }>('/v1/admin/circuits');
    const account = circuits.body.items.find(({ scope }) => scope.startsWith('account:'));
    await api.post(`/v1/admin/circuits/${account?.id}/open`, { note: 'ticket 17' });
    const key = await api.post('/v1/admin/api-keys', { name: 'shop', scopes: ['send', 'read'] });
    const shop = api.as(String(key.body['secret']));
    const id = await shop.send({ to: TO, channels: ['sms'], body: 'Hello' });
    await expect
      .poll(async () => (await explain({ api: shop }, id)).decisions.map(({ rule }) => rule))
      .toContain('circuit: operator');
    const explanation = await explain({ api: shop }, id);
    const waits = 'The circuit of account:AC01•••cdef is open (opened by an operator)';
    expect(sentences(explanation).at(-1)).toContain(waits);
    expect(explanation.next?.sentence).toContain('the circuit of account:AC01•••cdef lets it (opened by an operator)');
    const shown = await shop.get(`/v1/notifications/${id}`);
    expect(shown.body).toMatchObject({ status: 'queued', nextAttemptAt: null });
    const told = [explanation, shown].map((each) => JSON.stringify(each)).join();
    expect(told).not.toMatch(/ticket|AC0123/);
    const { body } = await api.get<{ items: CircuitDto[] }>('/v1/admin/circuits');
    expect(body.items.find(({ id: each }) => each === account?.id)?.scope).toBe(account?.scope);
  });

  it("is not there for another client's notification, nor for a key that may not read", async () => {
    const { api } = await start();
    const key = async (name: string, scopes: string[]) => {
      const { body } = await api.post('/v1/admin/api-keys', { name, scopes });
      return api.as(String(body['secret']));
    };
    const [shop, rival] = [await key('shop', ['send', 'read']), await key('rival', ['read'])];
    const id = await shop.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const path = `/v1/notifications/${id}/explain`;
    expect((await shop.get(path)).status).toBe(200);
    expect((await api.get(path)).status).toBe(200);
    expect((await rival.get(path)).status).toBe(404);
    expect((await (await key('sender', ['send'])).get(path)).status).toBe(403);
    expect((await api.get('/v1/notifications/nonsense/explain')).status).toBe(404);
  });
});
