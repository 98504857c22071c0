import { describe, expect, it } from 'vitest';
import { sentAgain, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, fallbackTo, RECONCILE, RETRY, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import type { Work } from '../src/outbox/work.js';
import type { ChannelOrder } from '../src/policy/vocabulary.js';

const MINUTE = 60_000;
const inAMinute = () => new Date(Date.now() + MINUTE);

const over = ({ rows }: LateUnderTest) =>
  rows('SELECT status, provider_sid AS sid, ended_at IS NOT NULL AS ended FROM deliveries ORDER BY number');

/** Nobody knows of its first attempt; the second one came to the end, and so did the notification. */
const ENDS = {
  delivered: async (test: LateUnderTest) => {
    const { first, second } = await sentAgain(test);
    await test.accept(second);
    await test.calledBack(second, sidOf(second), 'undelivered', 30_007);
    await test.calledBack(second, sidOf(second), 'delivered');
    return first;
  },
  expired: async (test: LateUnderTest) => {
    const first = await test.lease({ expiresAt: inAMinute() });
    await test.fail(first, { step: RECONCILE, failure: failure('unknown') });
    const second = await test.outbox.beginResend(await test.claim(), 'It was not there.');
    if (!second) throw new Error('The lease has moved on');
    await test.fail(second, { step: RETRY });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.outbox.expire(10);
    return first;
  },
} satisfies Record<string, (test: LateUnderTest) => Promise<Work>>;

describe('a notification that is over', () => {
  it.each(['delivered', 'expired'] as const)(
    'stays %s with its delivery, whatever a late callback of another attempt says',
    async (status) => {
      const test = await startLate();
      const first = await ENDS[status](test);
      const before = await over(test);
      expect(before).toMatchObject([{ status, ended: true }]);
      for (const said of ['undelivered', 'sent', 'delivered']) {
        expect(await test.calledBack(first, sidOf(first), said)).toBe('applied');
        expect(await test.standing(first.notificationId)).toMatchObject({ status, stage: null });
        expect(await over(test)).toEqual(before);
      }
      expect(await test.rows(`SELECT 1 FROM dead_letters WHERE state = 'open'`)).toEqual([]);
    },
  );
});

describe('a delivery that was given up', () => {
  it('has not ended any more once it proves accepted', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.fail(await test.takenOver(work), { step: DEAD_LETTER, attempt: null });
    expect(await over(test)).toEqual([{ status: 'failed', sid: null, ended: true }]);
    await test.calledBack(work);
    expect(await over(test)).toEqual([{ status: 'sent', sid: sidOf(work), ended: false }]);
  });
});

describe('the watch over a delivery that proves accepted', () => {
  const row = ({ rows }: LateUnderTest) =>
    rows(`SELECT stage, attempt_id, attempt_started_at, lease_token, leased_until, probe, released_by, priority,
        due_at - service_now() BETWEEN interval '9 minutes' AND interval '10 minutes' AS lasts, expires_at AS expires
      FROM outbox`);
  const WATCH = {
    stage: 'await_delivery',
    attempt_id: null,
    attempt_started_at: null,
    lease_token: null,
    leased_until: null,
    probe: false,
    released_by: null,
    lasts: true,
  };
  const watched = { channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 600 } as const;

  it('takes the place of an attempt in flight, and nobody works on it', async () => {
    const test = await startLate();
    const work = await test.lease(watched);
    await test.database.query('UPDATE outbox SET probe = true, released_by = $1', [work.attemptId]);
    await test.calledBack(work);
    expect(await row(test)).toMatchObject([WATCH]);
  });

  it('begins where nothing was left to do, and knows when the notification expires', async () => {
    const test = await startLate();
    const expiresAt = new Date(Date.now() + 60 * MINUTE);
    const work = await test.lease({ ...watched, expiresAt });
    const { priority } = (await row(test))[0] ?? {};
    await test.fail(await test.takenOver(work), { step: DEAD_LETTER, attempt: null });
    expect(await row(test)).toEqual([]);
    await test.calledBack(work);
    expect(await row(test)).toMatchObject([{ ...WATCH, expires: expiresAt, priority }]);
  });
});

describe('the watch over an accepted delivery', () => {
  it('is over when it is delivered, also where the provider was asked', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 600 });
    await test.accept(work);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'sent', stage: 'await_delivery' });
    await test.receiptCame(work, sidOf(work), 'delivered');
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'delivered', stage: null });
  });

  it('is over when it fails for good, though another channel was left', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 600 });
    await test.accept(work);
    await test.calledBack(work, sidOf(work), 'undelivered', 30_007);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'failed', stage: null, deadLetters: 1 });
  });
});

describe('a sign that the channel before had accepted it', () => {
  /** Nobody knows whether WhatsApp accepted it; SMS is due. */
  async function fellBack(channels: ChannelOrder = ['whatsapp', 'sms', 'voice']) {
    const test = await startLate();
    const whatsapp = await test.lease({ channels, fallbackAfterSeconds: 600 });
    await test.fail(await test.takenOver(whatsapp), { ...fallbackTo('sms'), attempt: null });
    return { test, whatsapp };
  }

  it('leaves the work to the fallback that is in flight', async () => {
    const { test, whatsapp } = await fellBack();
    const sms = await test.claim();
    await test.calledBack(whatsapp);
    expect(await test.standing(sms.notificationId)).toMatchObject({ status: 'sent', channel: 'sms', stage: 'send' });
    expect(await test.accept(sms)).toBe('settled');
  });

  it('leaves the watch to the fallback that was accepted as well', async () => {
    const { test, whatsapp } = await fellBack();
    const sms = await test.claim();
    await test.accept(sms);
    await test.calledBack(whatsapp);
    expect(await test.rows('SELECT stage, channel FROM outbox')).toEqual([{ stage: 'await_delivery', channel: 'sms' }]);
  });

  it.each([
    ['is watched where the fallback that is dropped was never tried', false, 'await_delivery'],
    ['is not watched where it was, and nothing is left', true, null],
  ])('%s', async (_, tried, stage) => {
    const { test, whatsapp } = await fellBack(['whatsapp', 'sms']);
    if (tried) await test.fail(await test.claim(), { step: RETRY });
    await test.calledBack(whatsapp);
    expect(await test.standing(whatsapp.notificationId)).toMatchObject({
      status: 'sent',
      channel: 'whatsapp',
      deliveries: ['sent', 'canceled'],
      stage,
    });
  });
});

describe('a fallback after a failed callback', () => {
  it('stays where the channel before is reported sent once more', async () => {
    const test = await startLate();
    const whatsapp = await test.lease({ channels: ['whatsapp', 'sms'] });
    await test.accept(whatsapp);
    await test.calledBack(whatsapp, sidOf(whatsapp), 'undelivered', 63_016);
    const sentences = await test.sentences(whatsapp.notificationId);
    await test.calledBack(whatsapp, sidOf(whatsapp), 'sent');
    expect(await test.standing(whatsapp.notificationId)).toEqual({
      status: 'queued',
      channel: 'sms',
      deliveries: ['failed', 'queued'],
      stage: 'send',
      deadLetters: 0,
    });
    expect(await test.sentences(whatsapp.notificationId)).toEqual(sentences);
  });
});

describe('another attempt of a delivery', () => {
  it('keeps it from failing, however often the first one is reported failed', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.accept(second);
    for (const status of ['undelivered', 'failed']) await test.calledBack(first, sidOf(first), status, 30_003);
    expect(await test.standing(first.notificationId)).toMatchObject({
      status: 'sent',
      deliveries: ['queued'],
      deadLetters: 0,
    });
  });
});

describe('a message that was reported failed while another attempt is under way', () => {
  it.each([
    ['in flight', 'send'],
    ['in doubt', 'reconcile'],
  ])('takes no work from the other, which is %s, by a "sent" that is late', async (_, stage) => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    const other = stage === 'reconcile' ? await test.takenOver(second) : second;
    await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
    await test.calledBack(first, sidOf(first), 'sent');
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'queued', stage });
    const failed = { failure: failure(), step: DEAD_LETTER, ...(stage === 'reconcile' && { attempt: null }) };
    await test.fail(other, failed);
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'failed', deadLetters: 1 });
  });

  it('keeps nobody from hearing that the other one was accepted', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.takenOver(second);
    await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
    await test.calledBack(second, sidOf(second), 'sent');
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent', stage: null });
  });

  it('ends it by a "delivered" that is late', async () => {
    const test = await startLate();
    const { first } = await sentAgain(test);
    await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
    await test.calledBack(first, sidOf(first), 'delivered');
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'delivered', stage: null });
  });
});

describe('what two channels delivered', () => {
  async function byTwoChannels() {
    const test = await startLate();
    const whatsapp = await test.lease({ channels: ['whatsapp', 'sms'] });
    await test.accept(whatsapp);
    await test.startDelivery(whatsapp.notificationId, 'sms');
    const sms = await test.claim();
    await test.accept(sms);
    const shown = async () =>
      (await test.rows('SELECT channel, delivered_at, read_at, updated_at FROM notifications'))[0];
    return { test, whatsapp, sms, shown };
  }

  it('was read when it was read first, on whichever', async () => {
    const { test, whatsapp, sms, shown } = await byTwoChannels();
    await test.calledBack(whatsapp, sidOf(whatsapp), 'read');
    const before = await shown();
    expect(before).toMatchObject({ channel: 'whatsapp', read_at: expect.any(Date) });
    await moveClock(test.databaseUrl, 5000);
    await test.calledBack(sms, sidOf(sms), 'read');
    expect(await shown()).toEqual(before);
  });

  it('is on the one that delivered it first, also where it was read on the other', async () => {
    const { test, whatsapp, sms, shown } = await byTwoChannels();
    await test.calledBack(whatsapp, sidOf(whatsapp), 'delivered');
    const before = await shown();
    expect(before).toMatchObject({ channel: 'whatsapp', read_at: null });
    await moveClock(test.databaseUrl, 5000);
    await test.calledBack(sms, sidOf(sms), 'delivered');
    expect(await shown()).toEqual(before);
    await test.calledBack(sms, sidOf(sms), 'read');
    expect(await shown()).toEqual({ ...before, read_at: expect.any(Date), updated_at: expect.any(Date) });
  });
});
