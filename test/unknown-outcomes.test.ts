import { describe, expect, it } from 'vitest';
import type { BatchDto } from '../src/notifications/batch.dto.js';
import { creations, Provider, startTestService, type ServiceUnderTest, UNDER_WAY } from './support/service.js';

/** Accepted by the provider every time, told to the caller never. */
const FAULTS = [
  { kind: 'accepted_then', status: 500 },
  { kind: 'reset', when: 'after_accepting' },
  { kind: 'no_answer', accepts: true },
  { kind: 'no_sid' },
  { kind: 'malformed' },
];

const numberOf = (index: number) => `+1555${String(2_000_000 + index)}`;

/** A thousand notifications and more: that is long where other work wants the processors, too. */
const LONG = { patienceMs: 240_000, test: { timeout: 300_000 } } as const;

async function untilNoneIs(service: ServiceUnderTest, ...statuses: string[]): Promise<void> {
  const end = performance.now() + LONG.patienceMs;
  for (;;) {
    const { rows } = await service.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM notifications WHERE status = ANY ($1)',
      [statuses],
    );
    if (rows[0]?.n === 0) return;
    if (performance.now() > end) throw new Error(`${rows[0]?.n} are still ${statuses.join(' or ')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a provider that accepts and does not say so', () => {
  it('gets none of a thousand messages twice', LONG.test, async () => {
    const service = await startTestService(
      { TWILIO_TIMEOUT_MS: '1500', LEASE_MS: '5000', RETRY_BASE_MS: '100' },
      UNDER_WAY,
    );
    const provider = new Provider(service.simulator.url);
    const count = 1000;
    for (let index = 0; index < count; index += 1) {
      const fault = FAULTS[index % FAULTS.length];
      await provider.fail(numberOf(index), { times: 1, match: { resource: 'messages' }, fault });
    }
    const answer = await service.api.post<BatchDto>('/v1/notifications/batch', {
      notifications: Array.from({ length: count }, (_, index) => ({
        to: numberOf(index),
        channels: ['sms'],
        body: 'The same text for everybody',
      })),
    });
    expect(answer.body.accepted).toBe(count);
    await untilNoneIs(service, 'queued', 'sending');
    const { rows } = await service.database.query(
      `SELECT n.status, count(DISTINCT n.id)::int AS n, count(DISTINCT a.provider_sid)::int AS sids
       FROM notifications n JOIN attempts a ON a.notification_id = n.id GROUP BY 1`,
    );
    expect(rows).toEqual([{ status: 'sent', n: count, sids: count }]);
    const asked = (await creations(service.simulator.url)).map(({ to }) => to);
    expect(asked.toSorted()).toEqual(Array.from({ length: count }, (_, index) => numberOf(index)));
  });
});

/** Their questions are open. The waits for a callback that might still tell are 5 and 30 seconds. */
async function expectBothToWaitForAHuman({ api, database }: ServiceUnderTest, ids: readonly string[]): Promise<void> {
  const shorten = setInterval(
    () =>
      void database.query(`UPDATE outbox SET due_at = service_now() WHERE stage = 'reconcile'; NOTIFY postrider_due`),
    100,
  );
  try {
    for (const id of ids) {
      const failed = await api.untilStatus(id, 'failed');
      expect(failed.deadLetter).toMatchObject({ state: 'open', reason: expect.stringContaining('same content') });
    }
  } finally {
    clearInterval(shorten);
  }
}

describe('two notifications with the same text to the same number', () => {
  it("do not adopt each other's message: a human decides", async () => {
    const service = await startTestService({ RETRY_BASE_MS: '20000' }, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(1);
    // One of them is accepted, the other is not, and nobody can tell which.
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } },
    ]);
    const notification = { to, channels: ['sms'], body: 'The same text' };
    const both = await service.api.post<BatchDto>('/v1/notifications/batch', {
      notifications: [notification, notification],
    });
    const ids = both.body.results.map((result) => result.id ?? '');
    for (const id of ids) await service.api.until(id, ({ deliveries }) => deliveries[0]?.attempts.length === 1);
    await expectBothToWaitForAHuman(service, ids);
    expect(await provider.creates(to)).toHaveLength(2);
  });

  it('do not adopt it either where a human had corrected the number of one', async () => {
    const service = await startTestService({ RETRY_BASE_MS: '20000' }, UNDER_WAY);
    const { api } = service;
    const provider = new Provider(service.simulator.url);
    const [wrong, to] = [numberOf(31), numberOf(32)];
    await provider.fail(wrong, { fault: { kind: 'status', status: 400, code: 21618 } });
    const notification = { channels: ['sms'], body: 'The same text' };
    const corrected = await api.send({ to: wrong, ...notification });
    const { deadLetter } = await api.untilStatus(corrected, 'failed');
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } },
    ]);
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes: { to } });
    await api.until(corrected, ({ deliveries }) => deliveries[1]?.attempts.length === 1);
    const ordinary = await api.send({ to, ...notification });
    await api.until(ordinary, ({ deliveries }) => deliveries[0]?.attempts.length === 1);
    await expectBothToWaitForAHuman(service, [corrected, ordinary]);
    expect(await provider.creates(to)).toHaveLength(2);
  });
});

describe("another notification's message in the list", () => {
  const text = { channels: ['sms'], body: 'The same text again' };
  const answersNothing = [{ times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } }];

  it('is not adopted by one with the same text to the same number', async () => {
    const { api, simulator } = await startTestService({}, UNDER_WAY);
    const provider = new Provider(simulator.url);
    const to = numberOf(21);
    const first = await api.untilStatus(await api.send({ to, ...text }), 'sent');
    await provider.fail(to, answersNothing);
    const second = await api.untilStatus(await api.send({ to, ...text }), 'sent');
    expect(second.deliveries[0]?.providerSid).not.toBe(first.deliveries[0]?.providerSid);
    expect(second.deliveries[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'accepted']);
    expect(await provider.creates(to)).toHaveLength(3);
  });

  it('is not adopted either where a human had corrected its number', async () => {
    const { api, simulator } = await startTestService({}, UNDER_WAY);
    const provider = new Provider(simulator.url);
    const [wrong, to] = [numberOf(22), numberOf(23)];
    await provider.fail(wrong, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 400, code: 21618 } },
    ]);
    const id = await api.send({ to: wrong, ...text });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes: { to } });
    const corrected = await api.untilStatus(id, 'sent');
    await provider.fail(to, answersNothing);
    const other = await api.untilStatus(await api.send({ to, ...text }), 'sent');
    expect(other.deliveries[0]?.providerSid).not.toBe(corrected.deliveries[1]?.providerSid);
    expect(await provider.creates(to)).toHaveLength(3);
  });
});

describe('whoever wants a human to decide what may have been accepted', () => {
  const review = { channels: ['sms', 'voice'], body: 'Hello', onUnknown: 'review' };
  const REFUSED_TO_SAY = { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } };

  it('gets no other channel either where the last attempt is not in the list', async () => {
    const service = await startTestService({ RETRY_MAX: '0' }, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(31);
    await provider.fail(to, REFUSED_TO_SAY);
    const failed = await service.api.untilStatus(await service.api.send({ to, ...review }), 'failed', 'sent');
    expect(failed.deadLetter?.reason).toContain('the caller wants a human to decide');
    expect(await provider.creates(to)).toHaveLength(1);
  });

  it('gets none where the list could not be read as often as it was tried', async () => {
    const service = await startTestService({ RETRY_MAX: '2' }, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(32);
    await provider.fail(to, [REFUSED_TO_SAY, { match: { resource: 'list' }, fault: { kind: 'status', status: 503 } }]);
    const failed = await service.api.untilStatus(await service.api.send({ to, ...review }), 'failed', 'sent');
    expect(failed.deadLetter?.reason).toContain('the caller wants a human to decide');
    expect(failed.deliveries).toHaveLength(1);
  });
});

describe('an outage with a full queue', () => {
  it('costs no retry once the incident is open, and afterwards everything arrives', LONG.test, async () => {
    const service = await startTestService(
      { INCIDENT_THRESHOLD: '10', INCIDENT_PROBE_MS: '300', RETRY_BASE_MS: '200', TWILIO_TIMEOUT_MS: '2000' },
      { callbacks: 'final' },
    );
    const provider = new Provider(service.simulator.url);
    await provider.fail('*', { fault: { kind: 'status', status: 503 } });
    const count = 2000;
    for (const half of [0, 1]) {
      await service.api.post('/v1/notifications/batch', {
        notifications: Array.from({ length: count / 2 }, (_, index) => ({
          to: numberOf(half * 1000 + index),
          channels: ['sms'],
          body: 'During the outage',
        })),
      });
    }
    const incidents = async () => (await service.database.query('SELECT id FROM incidents')).rows.length;
    await expect.poll(incidents).toBe(1);
    // What was in flight when it opened is answered and recorded, and what was to be tried again is held, first.
    const notHeld = 'SELECT 1 FROM outbox WHERE held_by IS NULL AND NOT probe';
    await expect.poll(async () => (await service.database.query(notHeld)).rows.length).toBe(0);
    const spent = async () => {
      const { rows } = await service.database.query<{ attempts: number; retries: number; at: Date }>(
        `SELECT (SELECT count(*)::int FROM attempts) AS attempts, (SELECT sum(retries)::int FROM outbox) AS retries,
           now() AS at`,
      );
      return rows[0] ?? { attempts: 0, retries: 0, at: new Date() };
    };
    const before = await spent();
    const probed = async () => (await spent()).attempts - before.attempts;
    await expect.poll(probed).toBeGreaterThanOrEqual(5);
    const after = await spent();
    // One that began before may be recorded within.
    const probes = (+after.at - +before.at) / 300 + 2;
    expect(after.attempts - before.attempts).toBeLessThanOrEqual(probes);
    expect(after.retries).toBe(before.retries);
    expect(await incidents()).toBe(1);
    await provider.heal();
    await untilNoneIs(service, 'queued', 'sending', 'sent');
    const { rows } = await service.database.query('SELECT status, count(*)::int AS n FROM notifications GROUP BY 1');
    expect(rows).toEqual([{ status: 'delivered', n: count }]);
  });
});
