import { describe, expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { Provider, startTestService, UNDER_WAY } from './support/service.js';

const TO = '+15551230001';

describe('from POST to delivered', () => {
  it('sends an SMS once and follows it to delivered', async () => {
    const { api, simulator } = await startTestService();
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const delivered = await api.untilAnswered(id, 'delivered');
    expect(delivered).toMatchObject({
      id,
      channel: 'sms',
      deadLetter: null,
      nextAttemptAt: null,
      deliveries: [
        {
          channel: 'sms',
          status: 'delivered',
          from: '+15005550006',
          providerSid: expect.stringMatching(/^SM/),
          attempts: [{ number: 1, outcome: 'accepted', httpStatus: 201, possibleDuplicate: false }],
        },
      ],
    });
    const [request, ...more] = await new Provider(simulator.url).creates(TO);
    expect(more).toEqual([]);
    expect(request?.params).toEqual({
      To: TO,
      From: '+15005550006',
      Body: 'Hello',
      StatusCallback: expect.stringMatching(/\/callbacks\/twilio\/message\/[0-9a-f-]{36}$/),
    });
    expect(request?.headers['idempotency-key']).toBe(delivered.deliveries[0]?.id);
  });

  it('sends a WhatsApp template with its variables', async () => {
    const { api, simulator } = await startTestService();
    const id = await api.send({
      to: TO,
      channels: ['whatsapp'],
      whatsapp: { contentSid: `HX${'0'.repeat(32)}`, contentVariables: { '1': '493021' } },
    });
    await api.untilStatus(id, 'delivered');
    const [request] = await new Provider(simulator.url).creates(TO);
    expect(request?.params).toMatchObject({
      To: `whatsapp:${TO}`,
      From: 'whatsapp:+14155238886',
      ContentSid: `HX${'0'.repeat(32)}`,
      ContentVariables: '{"1":"493021"}',
    });
    expect(request?.params).not.toHaveProperty('Body');
  });

  it('calls and says the words', async () => {
    const { api, simulator } = await startTestService();
    const id = await api.send({ to: TO, channels: ['voice'], voice: { say: 'Fire & <smoke>' } });
    const delivered = await api.untilStatus(id, 'delivered');
    const [request] = await new Provider(simulator.url).creates(TO);
    expect(request?.path).toMatch(/Calls\.json$/);
    expect(request?.headers['idempotency-key']).toBe(delivered.deliveries[0]?.id);
    expect(request?.params['Twiml']).toContain('<Say>Fire &amp; &lt;smoke&gt;</Say>');
    expect(request?.params['StatusCallbackEvent']).toEqual(['initiated', 'ringing', 'answered', 'completed']);
  });
});

describe('retries', () => {
  it.each([500, 502, 503, 504])(
    'asks the list after each %i, sends again with growing waits, then gives up',
    async (status) => {
      const { api, simulator } = await startTestService();
      const provider = new Provider(simulator.url);
      await provider.fail(TO, { match: { resource: 'messages' }, fault: { kind: 'status', status } });
      const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
      const failed = await api.untilStatus(id, 'failed');
      const attempts = failed.deliveries[0]?.attempts;
      expect(attempts).toHaveLength(6);
      expect(attempts?.map((attempt) => attempt.outcome)).toEqual(Array(6).fill('unknown'));
      expect(attempts?.map((attempt) => attempt.possibleDuplicate)).toEqual([false, true, true, true, true, true]);
      expect(failed.deadLetter).toMatchObject({ state: 'open', errorClass: 'provider_fault', httpStatus: status });
      expect(attempts?.map((attempt) => attempt.nextStep.kind)).toEqual([...Array(5).fill('reconcile'), 'dead_letter']);
      const creates = await provider.creates(TO);
      expect(creates.map(({ headers }) => headers['idempotency-key'])).toEqual(Array(6).fill(failed.deliveries[0]?.id));
      const waits = creates.slice(1).map((create, index) => +new Date(create.at) - +new Date(creates[index]?.at ?? 0));
      const late = [20, 40, 80, 160, 320].map((least, index) => (waits[index] ?? 0) - least);
      for (const ms of late) expect(ms).toBeGreaterThanOrEqual(-2);
    },
  );

  it('begin when they are due, not at the next poll', async () => {
    const { api, simulator } = await startTestService({ RETRY_BASE_MS: '200', RETRY_FACTOR: '1', RETRY_MAX: '8' });
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'failed');
    const times = (await provider.creates(TO)).map(({ at }) => +new Date(at));
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    // From one poll to the next is a second. The first retry may happen to meet one; of the others one is in time, however
    // busy the machine is.
    expect(Math.min(...waits.slice(1))).toBeLessThan(800);
  });

  it('honours Retry-After and counts as rate limited', async () => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { times: 1, fault: { kind: 'status', status: 429, retryAfter: 1 } });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const delivered = await api.untilStatus(id, 'delivered');
    const [first, second] = delivered.deliveries[0]?.attempts ?? [];
    expect(first).toMatchObject({ outcome: 'rejected', errorClass: 'rate_limited', nextStep: { kind: 'retry' } });
    expect(second).toMatchObject({ outcome: 'accepted', possibleDuplicate: false });
    const [one, two] = await provider.creates(TO);
    expect(+new Date(two?.at ?? 0) - +new Date(one?.at ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it.each([
    [400, 'invalid_request'],
    [403, 'permission'],
    [404, 'not_found'],
  ])('never retries a %i', async (status, errorClass) => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { fault: { kind: 'status', status } });
    const id = await api.send({ to: TO, channels: ['sms', 'voice'], body: 'Hello' });
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deadLetter).toMatchObject({ errorClass, httpStatus: status });
    expect(await provider.creates(TO)).toHaveLength(1);
  });
});

describe('unknown outcomes', () => {
  it('sends nothing again when the list shows the first attempt was accepted', async () => {
    const { api, simulator } = await startTestService({}, UNDER_WAY);
    const provider = new Provider(simulator.url);
    await provider.fail(TO, {
      times: 1,
      match: { resource: 'messages' },
      fault: { kind: 'accepted_then', status: 500 },
    });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const sent = await api.untilStatus(id, 'sent');
    expect(sent.deliveries[0]).toMatchObject({ providerSid: expect.stringMatching(/^SM/) });
    expect(await provider.creates(TO)).toHaveLength(1);
  });

  it('binds a callback that carries the attempt when its answer never came', async () => {
    const { api, simulator } = await startTestService({ TWILIO_TIMEOUT_MS: '400' });
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { times: 1, fault: { kind: 'no_answer', accepts: true } });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    await api.untilStatus(id, 'delivered');
    expect(await provider.creates(TO)).toHaveLength(1);
  });

  it('leaves it to a human when the caller prefers review', async () => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', onUnknown: 'review' });
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deadLetter).toMatchObject({ state: 'open', errorClass: 'provider_fault' });
    expect(await provider.creates(TO)).toHaveLength(1);
  });
});

describe('fallback', () => {
  it('switches to SMS at once when WhatsApp is unavailable', async () => {
    const { api, simulator } = await startTestService();
    const to = '+15005552003';
    const id = await api.send({ to, channels: ['whatsapp', 'sms'], body: 'Hello' });
    const delivered = await api.untilStatus(id, 'delivered');
    expect(delivered.deliveries.map((delivery) => [delivery.channel, delivery.status])).toEqual([
      ['whatsapp', 'failed'],
      ['sms', 'delivered'],
    ]);
    expect(delivered.channel).toBe('sms');
    const creates = await new Provider(simulator.url).creates(to);
    expect(new Set(creates.map((create) => create.headers['idempotency-key'])).size).toBe(2);
  });

  it('switches to SMS when WhatsApp reports 63016 after it was accepted', async () => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    await provider.fail(`whatsapp:${TO}`, { fault: { kind: 'callback', status: 'undelivered', errorCode: 63016 } });
    const id = await api.send({ to: TO, channels: ['whatsapp', 'sms'], body: 'Hello' });
    const delivered = await api.untilStatus(id, 'delivered');
    expect(delivered.deliveries.map((delivery) => delivery.status)).toEqual(['failed', 'delivered']);
    expect(delivered.deliveries[0]?.attempts[0]).toMatchObject({
      outcome: 'accepted',
      providerCode: 63016,
      errorClass: 'channel_unavailable',
      nextStep: { kind: 'fallback', channel: 'sms' },
    });
  });

  it('switches to SMS when the retries are used up', async () => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    await provider.fail(`whatsapp:${TO}`, { match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } });
    const id = await api.send({ to: TO, channels: ['whatsapp', 'sms'], body: 'Hello' });
    const delivered = await api.untilStatus(id, 'delivered');
    expect(delivered.deliveries.map((delivery) => delivery.attempts.length)).toEqual([6, 1]);
  });

  it('does not follow an opt-out with anything', async () => {
    const { api, simulator } = await startTestService();
    const to = '+15005552610';
    const id = await api.send({ to, channels: ['sms', 'voice'], body: 'Hello' });
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deadLetter).toBeNull();
    expect(await new Provider(simulator.url).creates(to)).toHaveLength(1);
  });
});

describe('idempotency', () => {
  it('answers fifty simultaneous duplicates alike and asks the provider once', async () => {
    const { api, simulator } = await startTestService();
    const body = { to: TO, channels: ['sms'], body: 'Hello', metadata: { b: 1, a: 2 } };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        api.post<NotificationDto>('/v1/notifications', body, { 'idempotency-key': 'order-17' }),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(202));
    const [first] = answers;
    for (const answer of answers) expect(answer.body).toEqual(first?.body);
    expect(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    const id = first?.body.id ?? '';
    await api.untilStatus(id, 'delivered');
    const later = await api.post<NotificationDto>('/v1/notifications', body, { 'idempotency-key': '"order-17"' });
    expect(JSON.stringify(later.body)).toBe(JSON.stringify(first?.body));
    const other = await api.post('/v1/notifications', { ...body, body: 'Other' }, { 'idempotency-key': 'order-17' });
    expect(other.status).toBe(422);
    expect(other.body['detail']).toContain(id);
    expect(await new Provider(simulator.url).creates(TO)).toHaveLength(1);
  });
});
