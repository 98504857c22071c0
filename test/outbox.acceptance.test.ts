import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startLate } from './outbox.late.setup.js';
import { acceptanceOf, failure, RECONCILE, sidOf } from './outbox.setup.js';

describe('what the list shows of an attempt', () => {
  it('leaves what its request was answered', async () => {
    const test = await startLate();
    const work = await test.lease();
    const answer = { ...failure('unknown'), providerRequestId: 'RQ503' };
    await test.fail(work, { step: RECONCILE, failure: answer });
    await test.adopted(await test.claim(), sidOf(work));
    expect(
      await test.rows(`SELECT outcome, http_status AS http, provider_request_id AS request, duration_ms AS ms,
        provider_sid AS sid FROM attempts`),
    ).toEqual([{ outcome: 'accepted', http: 500, request: 'RQ503', ms: 10, sid: sidOf(work) }]);
  });

  it('answers the question also where that is another process’s by then', async () => {
    const test = await startLate();
    const asking = await test.takenOver(await test.lease());
    const again = await test.takenOver(asking);
    await test.adopted(asking, sidOf(asking));
    expect(await test.attempts()).toMatchObject([{ outcome: 'accepted', sid: sidOf(asking) }]);
    expect(await test.standing(asking.notificationId)).toMatchObject({ status: 'sent', stage: null });
    expect(await test.outbox.beginResend(again, 'It was not there.')).toBeNull();
  });

  it('takes nothing from a human where its own message has failed and the question is over', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['sms'] });
    const asking = await test.takenOver(work);
    await test.calledBack(work, sidOf(work), 'undelivered');
    await test.adopted(asking, `SM${'9'.repeat(32)}`);
    expect(await test.attempts()).toMatchObject([{ outcome: 'accepted', sid: sidOf(work) }]);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'failed', stage: null });
    expect(await test.rows('SELECT state FROM dead_letters')).toEqual([{ state: 'open' }]);
  });
});

describe('an acceptance that is known when its lease is over', () => {
  it('leaves the work to whoever has it, also where a receipt would be waited for', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 600 });
    const asking = await test.takenOver(work);
    expect(await test.outbox.settleAccepted(acceptanceOf(work))).toBe('late');
    expect(await test.rows('SELECT stage, lease_token FROM outbox')).toEqual([
      { stage: 'reconcile', lease_token: asking.leaseToken },
    ]);
  });
});

describe('a callback that proves an attempt accepted', () => {
  it('takes its question out of the circuit that held it: only the receipt is waited for', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['sms', 'voice'], fallbackAfterSeconds: 600 });
    const step = { kind: 'hold', reason: 'the circuit is open' } as const;
    await test.fail(work, { step, failure: failure('unknown'), heldBy: randomUUID() });
    await test.calledBack(work);
    expect(await test.rows('SELECT stage, held_by FROM outbox')).toEqual([{ stage: 'await_delivery', held_by: null }]);
  });
});
