import { describe, expect, it } from 'vitest';
import { DEAD_LETTER, failure, lastStep, RECONCILE, RETRY, startOutbox, withFallbackDue } from './outbox.setup.js';

describe('a notification whose fallback waits', () => {
  it('cannot be canceled while the channel before it has it accepted', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    expect(await test.outbox.cancel(id)).toBe(false);
    expect(await test.standing(id)).toMatchObject({
      status: 'queued',
      deliveries: ['queued', 'queued'],
      stage: 'send',
    });
  });

  it('can be canceled where the channel before it failed', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, {}, 'failed');
    expect(await test.outbox.cancel(id)).toBe(true);
    expect(await test.standing(id)).toMatchObject({
      status: 'canceled',
      deliveries: ['failed', 'canceled'],
      stage: null,
    });
  });
});

describe('a notification that waits for its next attempt', () => {
  it('cannot be canceled where the last one may have been accepted', async () => {
    const test = await startOutbox();
    const work = await test.lease();
    await test.fail(work, { step: RECONCILE, failure: failure('unknown') });
    const resent = await test.outbox.beginResend(await test.claim(), 'It is not there.');
    if (!resent) throw new Error('It was not resent');
    await test.fail(resent, { step: RETRY });
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'queued', stage: 'send' });
    expect(await test.outbox.cancel(work.notificationId)).toBe(false);
  });

  it('can be canceled where the last one was surely refused', async () => {
    const test = await startOutbox();
    const work = await test.lease();
    await test.fail(work, { step: RETRY });
    expect(await test.outbox.cancel(work.notificationId)).toBe(true);
    expect(await lastStep(test)).toEqual({ kind: 'none', reason: 'the client took it back, so it was not sent again' });
  });

  it('is promised nothing any more where it ends without another one', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: RETRY });
    const none = { kind: 'none', reason: 'The recipient opted out of this sender, so nothing was sent.' } as const;
    await test.fail(await test.claim(), { step: none, attempt: null, failure: null });
    expect(await lastStep(test)).toEqual(none);
  });

  it('is promised nothing any more where it had been sent again and is held before it ends', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: RECONCILE, failure: failure('unknown') });
    const resent = await test.outbox.beginResend(await test.claim(), 'It is not there.');
    if (!resent) throw new Error('It was not resent');
    await test.fail(resent, { step: DEAD_LETTER, attempt: null, failure: null });
    expect(await lastStep(test)).toEqual(DEAD_LETTER);
  });
});
