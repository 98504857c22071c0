import { describe, expect, it } from 'vitest';
import { DatabaseClock } from '../src/database/database.clock.js';
import type { Channel } from '../src/policy/vocabulary.js';
import { listed, startListingProvider, type Listed } from './reconciliation.setup.js';
import { moveClock } from './support/clock.js';
import { shareTestService, startTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const provider = await startListingProvider();
const shared = shareTestService({ TWILIO_BASE_URL: provider.url });

const MINUTE = 60_000;
const [OLD, YOUNG, FAILED, NEXT] = ['1', '2', '3', '9'].map((digit) => `SM${digit.repeat(32)}`) as [
  string,
  string,
  string,
  string,
];

let numbers = 0;
function newNumber(): string {
  numbers += 1;
  return `+1555123${String(numbers).padStart(4, '0')}`;
}

/** What the explanation says of the question. */
async function toldOf(id: string): Promise<string[]> {
  const { body } = await shared().api.get<{ decisions: { rule: string; sentence: string }[] }>(
    `/v1/notifications/${id}/explain`,
  );
  return body.decisions.filter(({ rule }) => rule === 'reconciliation').map(({ sentence }) => sentence);
}

/** Its first attempt is in doubt, the next one is accepted. @returns what became of it, by the list that was shown. */
async function afterList(list: (createdAt: number) => readonly Listed[]) {
  const { api } = shared();
  const to = newNumber();
  provider.script(to, {
    create: (index) => (index === 0 ? 503 : NEXT),
    list: ([createdAt = 0]) => list(createdAt),
  });
  const id = await api.send({ to, channels: ['sms'], body: 'Hello' });
  const sent = await api.untilStatus(id, 'sent');
  return {
    told: await toldOf(id),
    sid: sent.deliveries[0]?.providerSid,
    creates: provider.creates(to),
    attempts: sent.deliveries[0]?.attempts,
  };
}

describe('a message in the list', () => {
  it.each([
    ['that fits', {}],
    ['whose body the account redacted', { body: '' }],
  ] as const)('%s is adopted, and nothing is sent again', async (_, more) => {
    const found = await afterList((createdAt) => [listed(OLD, createdAt, more)]);
    expect(found).toMatchObject({ sid: OLD, creates: 1, attempts: [{ outcome: 'accepted' }] });
    expect(found.told).toEqual([expect.stringMatching(/: the provider's list shows it\. Nothing is sent again\.$/)]);
  });

  it.each([
    ['that the recipient sent', 0, { direction: 'inbound' }],
    ['with another text', 0, { body: 'Good day' }],
    ['from before the attempt', -MINUTE, {}],
  ] as const)('%s is not adopted: it is sent again', async (_, ms, more) => {
    const found = await afterList((createdAt) => [listed(OLD, createdAt + ms, more)]);
    expect(found).toMatchObject({ sid: NEXT, creates: 2, attempts: [{ outcome: 'unknown' }, { outcome: 'accepted' }] });
    expect(found.attempts?.[1]?.possibleDuplicate).toBe(true);
  });

  it("is adopted where the provider's clock is some seconds behind", async () => {
    const found = await afterList((createdAt) => [listed(OLD, createdAt - 3000)]);
    expect(found).toMatchObject({ sid: OLD, creates: 1 });
  });

  it('is adopted as the oldest of several', async () => {
    const found = await afterList((createdAt) => [listed(YOUNG, createdAt + 1000), listed(OLD, createdAt)]);
    expect(found).toMatchObject({ sid: OLD, creates: 1 });
    expect(found.told.join()).toContain('1 more of it were accepted: the recipient may get it again');
  });
});

describe('the end that the list shows with it', () => {
  /** Found in the list: the message of an attempt whose answer was lost. Its sid is new, since callbacks are kept by sid. */
  async function found(channels: readonly Channel[], end: Partial<Listed>): Promise<{ id: string; sid: string }> {
    const to = newNumber();
    const sid = `SM${to.slice(1).padStart(32, '4')}`;
    provider.script(to, {
      create: (index) => (index === 0 ? 503 : NEXT),
      list: ([createdAt = 0]) => [listed(sid, createdAt, end)],
    });
    return { id: await shared().api.send({ to, channels: [...channels], body: 'Hello' }), sid };
  }

  it('is taken at once: a human sees a failure without a channel left', async () => {
    const { api } = shared();
    const { id, sid } = await found(['sms'], { status: 'undelivered', error_code: 30005 });
    expect(await api.untilStatus(id, 'failed')).toMatchObject({
      deadLetter: { state: 'open', providerCode: 30005 },
      deliveries: [{ status: 'failed', providerSid: sid, callbacks: [{ status: 'undelivered', errorCode: 30005 }] }],
    });
    const { body } = await api.get<{ decisions: { rule: string; sentence: string }[] }>(
      `/v1/notifications/${id}/explain`,
    );
    expect(body.decisions.slice(-3)).toMatchObject([
      { rule: 'reconciliation', sentence: expect.stringContaining('accepted after all') },
      {
        rule: 'missing receipt',
        sentence: "No callback had told what became of it, but the provider's list does: undelivered.",
      },
      { rule: 'Twilio code 30005', sentence: expect.stringContaining('Twilio reported it undelivered on sms') },
    ]);
  });

  it('is taken at once: the next channel takes over', async () => {
    const { id } = await found(['sms', 'voice'], { status: 'undelivered', error_code: 30005 });
    const sent = await shared().api.until(id, ({ status, channel }) => status === 'sent' && channel === 'voice');
    expect(sent.deliveries).toMatchObject([{ channel: 'sms', status: 'failed' }, { channel: 'voice' }]);
  });

  it.each(['delivered', 'read'])('is taken at once: %s', async (status) => {
    const { id, sid } = await found(['sms'], { status });
    expect(await shared().api.untilStatus(id, 'delivered')).toMatchObject({
      deliveries: [{ providerSid: sid, callbacks: [{ status }] }],
    });
  });

  it('is not one while it is under way, and no callback is made up', async () => {
    const { id } = await found(['sms'], { status: 'sending' });
    expect((await shared().api.untilStatus(id, 'sent')).deliveries).toMatchObject([{ callbacks: [] }]);
  });

  it('is no news where its callback tells it as well', async () => {
    const { api } = shared();
    const { id, sid } = await found(['sms'], { status: 'undelivered', error_code: 30005 });
    const { deliveries } = await api.untilStatus(id, 'failed');
    const attemptId = deliveries[0]?.attempts[0]?.id ?? '';
    const callback = new TwilioCallback(shared());
    expect((await callback.message(attemptId, sid, 'undelivered', { ErrorCode: '30005' })).status).toBe(204);
    expect((await api.untilStatus(id, 'failed')).deliveries[0]?.callbacks).toHaveLength(1);
  });
});

describe("another's question that never got an answer", () => {
  it.each([
    ['leaves in doubt whose message is shown while it is young', 9, 'failed'],
    ['is no rival any more after ten minutes', 11, 'sent'],
  ] as const)('%s', async (_, minutes, status) => {
    const { api, database, databaseUrl } = await startTestService({ TWILIO_BASE_URL: provider.url });
    const to = newNumber();
    const passed = minutes * MINUTE;
    provider.script(to, {
      create: (index) => (index < 2 ? 503 : NEXT),
      list: ([, createdAt]) => (createdAt === undefined ? [] : [listed(OLD, createdAt + passed)]),
    });
    const hello = { to, channels: ['sms'], body: 'Hello', onUnknown: 'review' };
    await api.untilStatus(await api.send(hello), 'failed');
    await moveClock(databaseUrl, passed);
    const id = await api.send(hello);
    // Whose it is, is asked three times before a human has to say: at once, and after 5 and 30 seconds.
    const soon = `UPDATE outbox SET due_at = service_now() WHERE stage = 'reconcile' AND due_at > service_now();
      NOTIFY postrider_due`;
    const ended = async () => {
      await database.query(soon);
      return (await api.get(`/v1/notifications/${id}`)).body['status'];
    };
    await expect.poll(async () => ['failed', 'sent'].includes(String(await ended()))).toBe(true);
    expect(await ended()).toBe(status);
    expect(provider.creates(to)).toBe(2);
  });
});

describe('a list that cannot be read for now', () => {
  it.each([429, 500])('is asked for again after a %s: until then nothing is sent', async (status) => {
    const { api } = shared();
    const to = newNumber();
    provider.script(to, {
      create: (index) => (index === 0 ? 503 : NEXT),
      list: ([createdAt = 0], index) => (index === 0 ? status : [listed(OLD, createdAt)]),
    });
    const id = await api.send({ to, channels: ['sms'], body: 'Hello' });
    const sent = await api.untilStatus(id, 'sent');
    expect(sent.deliveries[0]?.providerSid).toBe(OLD);
    expect(provider.creates(to)).toBe(1);
    expect((await toldOf(id))[0]).toMatch(
      /^Asked whether it was accepted: the provider's list could not be read \([^;]*\); asked again in [^;]*\.$/,
    );
  });
});

describe("a human's retry", () => {
  it.each([
    ['is marked where the first attempt may have been accepted', 503, true],
    ['is no duplicate where the first attempt was surely refused', 400, false],
  ])('%s', async (_, status, possibleDuplicate) => {
    const { api } = shared();
    const to = newNumber();
    provider.script(to, { create: (index) => (index === 0 ? status : NEXT), list: () => [] });
    const id = await api.send({ to, channels: ['sms'], body: 'Hello', onUnknown: 'review' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`);
    const { deliveries } = await api.untilStatus(id, 'sent');
    expect(deliveries[1]?.attempts).toMatchObject([{ outcome: 'accepted', possibleDuplicate }]);
  });
});

describe('a message of an earlier attempt that was not in the list at first', () => {
  it('is adopted when the next attempt is in doubt too, however much later that began', async () => {
    const { api, databaseUrl } = await startTestService({ TWILIO_BASE_URL: provider.url, LEASE_MS: '600000' });
    const to = newNumber();
    provider.script(to, {
      create: (index) => (index < 2 ? 503 : NEXT),
      list: async ([createdAt = 0], index) => {
        if (index > 0) return [listed(OLD, createdAt)];
        await moveClock(databaseUrl, MINUTE);
        return [];
      },
    });
    const sent = await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'sent');
    expect(sent.deliveries[0]?.providerSid).toBe(OLD);
    expect(provider.creates(to)).toBe(2);
  });
});

describe('a message of an earlier attempt that failed after all', () => {
  it('is not adopted when the next attempt is in doubt: it is sent again', async () => {
    const { api, database } = shared();
    const to = newNumber();
    const failedCallback = async () => {
      const { rows } = await database.query<{ id: string }>(
        `SELECT a.id FROM attempts a JOIN notifications n ON n.id = a.notification_id
         WHERE n.recipient = $1 AND a.number = 1`,
        [to],
      );
      const code = { ErrorCode: '30008' };
      await new TwilioCallback(shared()).message(rows[0]?.id ?? '', FAILED, 'undelivered', code);
    };
    provider.script(to, {
      create: (index) => (index < 2 ? 503 : NEXT),
      list: async ([createdAt = 0], index) => {
        if (index === 1) await failedCallback();
        return index === 0 ? [] : [listed(FAILED, createdAt)];
      },
    });
    const sent = await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'sent');
    expect(sent.deliveries[0]?.providerSid).toBe(NEXT);
    expect(provider.creates(to)).toBe(3);
  });
});

describe('what expires while the provider is asked for its list', () => {
  it('is not sent again', async () => {
    const { api, service, databaseUrl } = await startTestService({ TWILIO_BASE_URL: provider.url, LEASE_MS: '600000' });
    const to = newNumber();
    provider.script(to, {
      create: (index) => (index === 0 ? 503 : NEXT),
      list: async () => {
        await moveClock(databaseUrl, 2 * MINUTE);
        await service.app.get(DatabaseClock).refresh();
        return [];
      },
    });
    const expiresAt = new Date(Date.now() + MINUTE).toISOString();
    const id = await api.send({ to, channels: ['sms'], body: 'Hello', expiresAt });
    const ended = await api.untilStatus(id, 'expired', 'sent');
    expect(ended).toMatchObject({ status: 'expired', deadLetter: null });
    expect(provider.creates(to)).toBe(1);
  });
});
