import { describe, expect, it } from 'vitest';
import { Journal } from '../src/dispatch/journal.js';
import { startLate, type LateUnderTest } from './outbox.late.setup.js';
import { RECONCILE, sidOf } from './outbox.setup.js';

describe('an acceptance that is on disk already, by a write whose answer was lost', () => {
  const told = (test: LateUnderTest) => {
    const heard: string[] = [];
    test.service.app.get(Journal, { strict: false }).subscribe({
      onAccepted: ({ work }) => void heard.push(`accepted ${work.attemptId}`),
      onStale: ({ work }) => void heard.push(`stale ${work.attemptId}`),
    });
    return heard;
  };

  it.each([
    ['with nothing left to do', {}],
    ['with a watch for its delivery', { channels: ['whatsapp', 'sms'] as const, fallbackAfterSeconds: 600 }],
  ])('is told of as accepted, %s', async (_, more) => {
    const test = await startLate();
    const heard = told(test);
    const work = await test.lease(more);
    await test.accept(work);
    await test.answered(work);
    expect(heard).toEqual([`accepted ${work.attemptId}`]);
    expect(await test.attempts()).toHaveLength(1);
  });

  it('is told of as accepted where it was found out', async () => {
    const test = await startLate();
    const heard = told(test);
    const work = await test.takenOver(await test.lease());
    await test.adopted(work, sidOf(work));
    await test.adopted(work, sidOf(work));
    expect(heard).toEqual([`accepted ${work.attemptId}`, `accepted ${work.attemptId}`]);
    expect(await test.sentences(work.notificationId)).toEqual(['reconciliation: The list shows it.']);
  });

  it('is not told of where a callback was faster than the answer', async () => {
    const test = await startLate();
    const heard = told(test);
    const work = await test.lease();
    await test.calledBack(work);
    await test.answered(work);
    expect(heard).toEqual([`stale ${work.attemptId}`]);
  });

  it('is not told of where a callback was faster than the look-up, though it was asked for before', async () => {
    const test = await startLate();
    const heard = told(test);
    const work = await test.takenOver(await test.lease());
    const decision = { rule: 'reconciliation', sentence: 'It is not there yet.' } as const;
    await test.fail(work, { step: RECONCILE, attempt: null, decision });
    const again = await test.claim();
    await test.calledBack(again);
    await test.adopted(again, sidOf(again));
    expect(heard).toEqual([`stale ${work.attemptId}`]);
    expect(await test.sentences(work.notificationId)).not.toContain('reconciliation: The list shows it.');
  });

  it('is not told of where there is no such attempt any more', async () => {
    const test = await startLate();
    const heard = told(test);
    const work = await test.lease();
    for (const table of ['outbox', 'deliveries']) {
      await test.database.query(`DELETE FROM ${table} WHERE notification_id = $1`, [work.notificationId]);
    }
    await test.database.query('DELETE FROM notifications WHERE id = $1', [work.notificationId]);
    await test.answered(work);
    expect(heard).toEqual([`stale ${work.attemptId}`]);
    expect(await test.attempts()).toEqual([]);
  });
});
