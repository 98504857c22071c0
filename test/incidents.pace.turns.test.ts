import { describe, expect, it } from 'vitest';
import { paceId } from '../src/incidents/circuit.scope.js';
import { TAKE_SENDS } from '../src/incidents/pace.sql.js';
import { startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

const SENDER = '+15005550006';
const HOLD = paceId(SENDER);
const RATE = 8;
/** What may be saved up: half a second's sends. */
const SAVED = RATE / 2;

/** A pace that has saved up nothing, and hands out turns only by hand. */
async function startPaced() {
  const test = await startOutbox();
  await test.database.query(
    `INSERT INTO sender_paces (sender, hold_id, per_second, tokens, refilled_at) VALUES ($1, $2, $3, 0, service_now())`,
    [SENDER, HOLD, RATE],
  );
  return {
    ...test,
    take: async () => (await test.rows(TAKE_SENDS.text, [HOLD, 100]))[0]?.['taken'] ?? 0,
    /** So many have their turn, and wait for a slot. */
    haveTheirTurn: async (count: number) => {
      const waits = { kind: 'hold', reason: 'it is not its turn' } as const;
      for (let n = 0; n < count; n += 1) {
        const work = await test.lease({ channels: ['sms'] });
        await test.outbox.settleUnsuccessful({ work, attempt: null, failure: null, step: waits, heldBy: HOLD });
      }
      expect(await test.outbox.release(HOLD, count)).toHaveLength(count);
    },
  };
}

describe('the pace of a sender', () => {
  it('saves up nothing in the time in which as much as it may save up waits for a slot', async () => {
    const test = await startPaced();
    await test.haveTheirTurn(SAVED);
    await moveClock(test.databaseUrl, 10_000);
    expect(await test.take()).toBe(0);
    expect(await test.outbox.claim(SAVED)).toHaveLength(SAVED);
    expect(await test.take()).toBe(0);
    await moveClock(test.databaseUrl, 1000);
    expect(await test.take()).toBe(SAVED);
  });

  it('is written down only where it gives a turn: it is looked at fifty times a second', async () => {
    const test = await startPaced();
    const version = () => test.rows('SELECT xmin::text AS version FROM sender_paces');
    const before = await version();
    // Too little for a send, and kept all the same.
    await test.database.query(`UPDATE sender_paces SET tokens = 0.5, refilled_at = service_now() + interval '2 s'`);
    const [given] = await version();
    expect(await test.take()).toBe(0);
    expect(await version()).toEqual([given]);
    expect([given]).not.toEqual(before);
    await moveClock(test.databaseUrl, 2500);
    expect(await test.take()).toBeGreaterThan(0);
    expect(await version()).not.toEqual([given]);
  });
});
