import { describe, expect, it } from 'vitest';
import type { NewNotification, Work } from '../src/outbox/work.js';
import { EVIDENCE, OWNED_SIDS, RIVALS } from '../src/reconciliation/evidence.sql.js';
import { sentAgain, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, RECONCILE, RETRY, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

const TO = '+15551230001';
const ELSEWHERE = '+15551239999';
const HELLO = { recipient: TO, content: { body: 'Hello' } };
/** Of no message is it known when it was made. */
const [EVER, ALWAYS] = [new Date(0), new Date(Date.now() + 86_400_000)];
const LATER = { ...RETRY, waitMs: 86_400_000 };
const ASKED_LATER = { ...RECONCILE, waitMs: 86_400_000 };
const UNKNOWN = { step: ASKED_LATER, failure: failure('unknown') };

const evidence = async ({ rows }: LateUnderTest, { attemptId, deliveryId, notificationId }: Work) =>
  (await rows(EVIDENCE.text, [attemptId, deliveryId, notificationId]))[0];

/** A human has it sent again, to whom they say. */
async function sendAgain(test: LateUnderTest, notificationId: string, changes: Record<string, string>): Promise<Work> {
  const [letter] = await test.rows(`SELECT id FROM dead_letters WHERE notification_id = $1`, [notificationId]);
  const answer = await test.api.post(`/v1/admin/dead-letters/${String(letter?.['id'])}/retry`, { changes });
  expect(answer.status).toBe(200);
  return test.claim();
}

async function buried(test: LateUnderTest, more: Partial<NewNotification> = {}): Promise<Work> {
  const work = await test.lease({ ...HELLO, channels: ['sms'], ...more });
  await test.fail(work, { step: DEAD_LETTER });
  return work;
}

describe('what is on disk about an attempt', () => {
  it('is its own sid before that of its callback, and its own failure before that of its callback', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.fail(work, { step: RECONCILE, failure: failure('unknown') });
    expect(await evidence(test, work)).toMatchObject({ sid: null, source: null, refused: false, httpStatus: 500 });
    const asking = await test.claim();
    const other = `SM${'9'.repeat(32)}`;
    await test.adopted(asking, other);
    expect(await evidence(test, work)).toMatchObject({ sid: other, source: 'answer' });
    await test.calledBack(work, sidOf(work), 'undelivered', 30_003);
    await test.database.query('UPDATE attempts SET provider_sid = NULL');
    expect(await evidence(test, work)).toMatchObject({ sid: sidOf(work), source: 'callback', httpStatus: 500 });
    await test.database.query('UPDATE attempts SET provider_sid = $1', [other]);
    expect(await evidence(test, work)).toMatchObject({ sid: other, source: 'answer', httpStatus: 500 });
  });

  it('is nothing of another attempt but when the first one in doubt began', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.fail(second, { step: RECONCILE, failure: failure('unknown') });
    const asking = await test.claim();
    expect(await evidence(test, asking)).toMatchObject({ sid: null, httpStatus: 500, since: first.attemptStartedAt });
    await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
    expect(await evidence(test, asking)).toMatchObject({
      sid: null,
      source: null,
      httpStatus: 500,
      since: second.attemptStartedAt,
    });
  });

  it('is nothing of another delivery', async () => {
    const test = await startLate();
    const first = await test.lease({ channels: ['sms'] });
    await test.fail(await test.takenOver(first), { step: DEAD_LETTER, attempt: null });
    const second = await sendAgain(test, first.notificationId, {});
    await test.fail(second, { step: RECONCILE, failure: failure('unknown') });
    expect(await evidence(test, second)).toMatchObject({ since: second.attemptStartedAt });
  });

  it('is that it was refused, where that came late', async () => {
    const test = await startLate();
    const work = await test.lease();
    const asking = await test.takenOver(work);
    expect(await evidence(test, asking)).toMatchObject({ refused: false, rule: 'the lease expired' });
    await test.refused(work);
    expect(await evidence(test, asking)).toMatchObject({ refused: true, rule: 'Twilio code 21211', httpStatus: 400 });
  });
});

describe('a sid', () => {
  const owned = async (test: LateUnderTest, asking: Work, ...sids: string[]) =>
    (await test.rows(OWNED_SIDS.text, [sids, asking.deliveryId, TO, EVER, ALWAYS])).map(({ sid }) => sid);

  it("is another's where its attempt is of another delivery to that number", async () => {
    const test = await startLate();
    const [own, other, elsewhere] = [await test.lease(HELLO), await test.lease(HELLO), await test.lease()];
    for (const work of [own, other, elsewhere]) await test.accept(work);
    expect(await owned(test, own, sidOf(own), sidOf(other), sidOf(elsewhere))).toEqual([sidOf(other)]);
    expect(await owned(test, own, sidOf(own))).toEqual([]);
  });

  it("is another's where a human had that sent to the number, but not what they had sent elsewhere", async () => {
    const test = await startLate();
    const here = await sendAgain(test, (await buried(test, { recipient: ELSEWHERE })).notificationId, { to: TO });
    await test.accept(here);
    const there = await sendAgain(test, (await buried(test)).notificationId, { to: ELSEWHERE });
    await test.accept(there);
    const own = await test.lease(HELLO);
    expect(await owned(test, own, sidOf(here), sidOf(there))).toEqual([sidOf(here)]);
  });

  it("is another's of the same notification, too", async () => {
    const test = await startLate();
    const first = await test.lease({ ...HELLO, channels: ['sms', 'voice'] });
    await test.accept(first);
    await test.startDelivery(first.notificationId, 'voice');
    const second = await test.claim();
    expect(await owned(test, second, sidOf(first))).toEqual([sidOf(first)]);
    expect(await owned(test, first, sidOf(first))).toEqual([]);
  });

  it('is nobody’s to take once a callback reported it failed, or named another delivery', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    const other = await test.lease();
    await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
    await test.calledBack(second, sidOf(second), 'sent');
    await test.calledBack(other, sidOf(other), 'sent');
    expect(await owned(test, second, sidOf(first))).toEqual([sidOf(first)]);
    expect(await owned(test, second, sidOf(second))).toEqual([]);
    expect(await owned(test, second, sidOf(other))).toEqual([sidOf(other)]);
  });
});

describe('a rival', () => {
  /** Of a question about an SMS to that number, by the words of each. */
  async function rivals(test: LateUnderTest, since: Date = new Date(0)): Promise<unknown[]> {
    const own = await test.lease({ ...HELLO, content: { body: 'Mine' } });
    const found = await test.rows(RIVALS.text, [TO, own.notificationId, 'sms', since]);
    return found.map(({ content, changes }) => ({ content, changes }));
  }
  const OTHER = { ...HELLO, channels: ['sms'] as const, content: { body: 'Theirs' } };

  it.each<[string, boolean, (test: LateUnderTest, work: Work) => unknown, Partial<NewNotification>?]>([
    ['is one that is in flight', true, () => null],
    ['is one in doubt', true, (test, work) => test.fail(work, UNKNOWN)],
    ['is one in doubt that was given up', true, (test, work) => test.fail(work, { ...UNKNOWN, step: DEAD_LETTER })],
    ['is none that was accepted', false, (test, work) => test.accept(work)],
    ['is none that was refused and waits', false, (test, work) => test.fail(work, { step: LATER })],
    ['is none by another channel', false, () => null, { channels: ['whatsapp'] }],
    ['is none to another number', false, () => null, { recipient: ELSEWHERE }],
  ])('%s', async (_, is, become, more = {}) => {
    const test = await startLate();
    await become(test, await test.lease({ ...OTHER, ...more }));
    expect(await rivals(test)).toEqual(is ? [{ content: OTHER.content, changes: null }] : []);
  });

  it('is one in doubt since that time, and none from before', async () => {
    const test = await startLate();
    const work = await test.lease(OTHER);
    await test.fail(work, { ...UNKNOWN, step: DEAD_LETTER });
    expect(await rivals(test, work.attemptStartedAt)).toHaveLength(1);
    expect(await rivals(test, new Date(work.attemptStartedAt.getTime() + 1))).toEqual([
      { content: { body: 'Mine' }, changes: null },
    ]);
  });

  it("is one that a human had sent to the number, with the human's words, and none that they had sent elsewhere", async () => {
    const test = await startLate();
    const there = await buried(test, OTHER);
    await sendAgain(test, there.notificationId, { to: ELSEWHERE });
    expect(await rivals(test)).toEqual([]);
    await test.database.query('DELETE FROM outbox');
    const here = await buried(test, { ...OTHER, recipient: ELSEWHERE });
    await sendAgain(test, here.notificationId, { to: TO, body: 'Corrected' });
    expect(await rivals(test)).toMatchObject([{ changes: { to: TO, content: { body: 'Corrected' } } }]);
  });

  it('is no delivery that was refused before another one of its notification left', async () => {
    const test = await startLate();
    const work = await test.lease({ ...OTHER, channels: ['sms', 'voice'] });
    await test.accept(work);
    await test.startDelivery(work.notificationId, 'voice');
    await test.fail(await test.claim(), UNKNOWN);
    await moveClock(test.databaseUrl, 1000);
    expect(await rivals(test)).toEqual([]);
  });
});
