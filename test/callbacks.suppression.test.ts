import { describe, expect, it } from 'vitest';
import { RecipientMemory } from '../src/recipients/recipient-memory.js';
import type { Work } from '../src/outbox/work.js';
import { retriedTo, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { failureOfClass } from './support/failure.js';

const OPTED_OUT = 21_610;

/** They ask to be written to; a minute passes before and after. */
async function optsIn(test: LateUnderTest, recipient: string): Promise<void> {
  await moveClock(test.databaseUrl, 60_000);
  const memory = test.service.app.get(RecipientMemory, { strict: false });
  const asks = { channel: 'sms', sender: '+15005550006', recipient, by: 'START of the recipient' } as const;
  await test.database.query('BEGIN');
  await memory.optedIn(
    {
      run: async (statement, values = []) => (await test.database.query(statement.text, [...values])).rows,
      afterCommit: (effect) => effect(),
    },
    asks,
  );
  await test.database.query('COMMIT');
  await moveClock(test.databaseUrl, 60_000);
}

const suppressed = async ({ rows }: LateUnderTest) =>
  (await rows('SELECT 1 FROM suppressions WHERE lifted_at IS NULL')).length > 0;

describe('a callback that says the recipient has opted out', () => {
  it.each([
    ['counts where what it refuses was sent after they asked for it', true, true],
    ['counts so, too, where it is faster than the answer', true, false],
    ['does not count where that was sent before', false, true],
    ['does not count so either where it is faster than the answer', false, false],
  ])('%s', async (_, after, answered) => {
    const test = await startLate();
    const recipient = '+15551230001';
    const id = await test.enqueue({ recipient, channels: ['sms'] });
    if (after) await optsIn(test, recipient);
    const work = await test.claim();
    expect(work.notificationId).toBe(id);
    if (!after) await optsIn(test, recipient);
    if (answered) await test.accept(work);
    await test.calledBack(work, sidOf(work), 'undelivered', OPTED_OUT);
    expect(await suppressed(test)).toBe(after);
    expect(await test.standing(id)).toMatchObject({ status: 'failed', stage: null, deadLetters: 0 });
  });
});

describe('an opt-out of what a human sent to another number', () => {
  const refused = async (test: LateUnderTest, work: Work) =>
    test.refused(work, failureOfClass('opted_out', { providerCode: OPTED_OUT }));
  const reported = async (test: LateUnderTest, work: Work) => {
    await test.accept(work);
    await test.calledBack(work, sidOf(work), 'undelivered', OPTED_OUT);
  };

  it.each([
    ['the provider refuses it for that', refused],
    ['a callback reports it', reported],
  ])('is that of the other number where %s', async (_, tell) => {
    const test = await startLate();
    const [recipient, other] = ['+15551230001', '+15551239999'];
    const first = await test.lease({ recipient, channels: ['sms'] });
    await test.fail(first, { step: DEAD_LETTER });
    await retriedTo(test, other);
    await tell(test, await test.claim());
    expect(await test.rows('SELECT sender, recipient FROM suppressions')).toEqual([
      { sender: '+15005550006', recipient: other },
    ]);
    expect(await test.rows('SELECT recipient FROM failures ORDER BY id')).toEqual([
      { recipient },
      { recipient: other },
    ]);
  });
});
