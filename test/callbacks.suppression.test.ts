import { describe, expect, it } from 'vitest';
import { RecipientMemory } from '../src/recipients/recipient-memory.js';
import { startLate, type LateUnderTest } from './outbox.late.setup.js';
import { sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

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
