import { describe, expect, it } from 'vitest';
import { AttemptRunner } from '../src/dispatch/attempt.runner.js';
import type { NewNotification, Work } from '../src/outbox/work.js';
import type { Failure } from '../src/policy/failure.js';
import { UNWRITABLE } from '../src/policy/unwritable.js';
import { classify } from '../src/twilio/classification.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { startLate, type LateUnderTest } from './outbox.late.setup.js';
import { failure } from './outbox.setup.js';
import { startListingProvider } from './reconciliation.setup.js';
import { failureOfClass } from './support/failure.js';
import { whileHeld } from './support/while-held.js';

const SID = `SM${'9'.repeat(32)}`;

const provider = await startListingProvider();

/** What the provider's client makes of such an answer. */
function refusal(httpStatus: number | null, providerCode: number | null = null): Failure {
  return {
    ...failure(),
    httpStatus,
    providerCode,
    classification: classify({ httpStatus, providerCode, networkFailure: null }, TWILIO_ERROR_CODES),
  };
}

/** The lease of an attempt ran out, and another process has the question. */
async function inDoubt(env: Record<string, string> = {}, more: Partial<NewNotification> = {}) {
  const test = await startLate({ TWILIO_BASE_URL: provider.url, ...env });
  const work = await test.lease({ channels: ['sms', 'voice'], ...more });
  const asked = { looks: 0, onLook: () => Promise.resolve() };
  provider.script(work.recipient, {
    create: () => SID,
    list: async () => {
      asked.looks += 1;
      await asked.onLook();
      return [];
    },
  });
  return {
    ...test,
    work,
    asked,
    asking: await test.takenOver(work),
    creates: () => provider.creates(work.recipient),
    state: () => test.standing(work.notificationId),
  };
}

/** The attempt's answer comes then. */
async function refusedLate(failed: Failure, env: Record<string, string> = {}, more: Partial<NewNotification> = {}) {
  const test = await inDoubt(env, more);
  await test.refused(test.work, failed);
  await run(test, test.asking);
  expect([test.asked.looks, test.creates()]).toEqual([0, 0]);
  return test;
}

/** What a dispatcher does with leased work. */
async function run(test: LateUnderTest, work: Work): Promise<void> {
  const runner = test.service.app.get(AttemptRunner, { strict: false });
  expect(await runner.run({ work, leasedAt: performance.now() }, new AbortController().signal)).toBeNull();
  await test.recorder.settled();
}

describe('a refusal that came when its lease was over', () => {
  it('ends the question: nothing is asked or sent', async () => {
    const test = await refusedLate(refusal(403));
    expect(await test.state()).toMatchObject({ status: 'failed', channel: 'sms', stage: null, deadLetters: 1 });
    expect(await test.sentences(test.work.notificationId)).toEqual([
      'reconciliation: Asked whether it was accepted: its answer arrived late, and it was refused; HTTP status 403: trying again does not help; another channel is not known to help; it goes to the review queue.',
    ]);
    expect(await test.rows('SELECT error_class AS class, http_status AS http FROM dead_letters')).toEqual([
      { class: 'permission', http: 403 },
    ]);
  });

  it.each([
    ['a code for which the table says so', refusal(400, 21_614)],
    ['a request that could not be written', UNWRITABLE],
  ])('leads to the next channel after %s', async (_, failed) => {
    const test = await refusedLate(failed);
    expect(await test.state()).toMatchObject({ status: 'queued', channel: 'voice', stage: 'send' });
    expect(await test.claim()).toMatchObject({ channel: 'voice', possibleDuplicate: false });
  });

  it('leaves nothing in doubt, so that who wants a human to decide a doubt gets the next channel too', async () => {
    const test = await refusedLate(refusal(400, 21_614), {}, { onUnknown: 'review' });
    expect(await test.state()).toMatchObject({ status: 'queued', channel: 'voice', deadLetters: 0 });
  });

  it.each([
    ['too many requests', refusal(429, 20_429)],
    [
      'a connection that never was',
      failureOfClass('provider_fault', { httpStatus: null }, { rule: 'no answer (refused)' }),
    ],
    ['credentials that count again, since no circuit is open', refusal(401, 20_003)],
  ])('is followed by a retry, which is no duplicate, after %s', async (_, failed) => {
    const test = await refusedLate(failed);
    expect(await test.state()).toMatchObject({ status: 'queued', channel: 'sms', stage: 'send' });
    await expect.poll(() => test.outbox.claim(1)).toMatchObject([{ attemptNumber: 2, possibleDuplicate: false }]);
  });

  it('spends no other retry than the one that its lease has cost, and the wait before it', async () => {
    const test = await refusedLate(refusal(429, 20_429));
    expect(await test.rows('SELECT retries, waited_ms > 0 AS waited FROM outbox')).toEqual([
      { retries: 1, waited: true },
    ]);
  });

  it.each([
    ['0', 'voice'],
    ['1', 'sms'],
  ])('has the retry that its lease has cost: of %s, the next attempt is by %s', async (RETRY_MAX, channel) => {
    const test = await refusedLate(refusal(429, 20_429), { RETRY_MAX });
    expect(await test.state()).toMatchObject({ status: 'queued', channel, stage: 'send' });
  });
});

describe('a late refusal while a circuit is open', () => {
  it('does not wait for it, since nothing has to be asked: the next channel takes over', async () => {
    const test = await inDoubt();
    await test.refused(test.work, refusal(400, 21_614));
    await whileHeld(test, 'sms', () => run(test, test.asking));
    expect(await test.state()).toMatchObject({ status: 'queued', channel: 'voice' });
  });

  it('that is one of credentials has its retry wait there', async () => {
    const test = await inDoubt();
    await test.refused(test.work, refusal(401, 20_003));
    await whileHeld(test, 'sms', async () => {
      await run(test, test.asking);
      await run(test, await test.claim());
      expect(await test.rows('SELECT stage, held_by IS NOT NULL AS held FROM outbox')).toEqual([
        { stage: 'send', held: true },
      ]);
    });
    expect([test.asked.looks, test.creates()]).toEqual([0, 0]);
  });
});

describe('a refusal that comes while the provider is asked for its list', () => {
  it('is not sent again', async () => {
    const test = await inDoubt();
    test.asked.onLook = () => test.refused(test.work, refusal(400, 21_614));
    await run(test, test.asking);
    expect(await test.state()).toMatchObject({ status: 'queued', channel: 'voice' });
    expect(test.creates()).toBe(0);
  });
});

describe('a late answer that is no refusal', () => {
  it('is asked about as before', async () => {
    const test = await inDoubt();
    await test.refused(test.work, failure('unknown'));
    await run(test, test.asking);
    expect([test.asked.looks, test.creates()]).toEqual([1, 1]);
    expect(await test.attempts()).toMatchObject([{ outcome: 'unknown' }, { outcome: 'accepted', duplicate: true }]);
  });
});

describe('an attempt that the list does not show', () => {
  it('is asked about again when its sender gives it a turn, however long after', async () => {
    const test = await inDoubt({ SENDER_RATES: '+15005550006=1' });
    await run(test, test.asking);
    expect([test.asked.looks, test.creates()]).toEqual([1, 0]);
    await test.replica({ ROLE: 'worker' });
    await expect.poll(test.creates).toBe(1);
    expect(test.asked.looks).toBe(2);
  });
});
