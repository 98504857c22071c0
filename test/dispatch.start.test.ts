import { describe, expect, it } from 'vitest';
import { DatabaseClock } from '../src/database/database.clock.js';
import { Dispatcher } from '../src/dispatch/dispatcher.service.js';
import { failure, RECONCILE, startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { Provider } from './support/service.js';

describe('work that waited for a slot', () => {
  const env = { LEASE_MS: '30000', TWILIO_TIMEOUT_MS: '10000' };

  it('is not begun when its request might outlive its lease: it goes back as if it had never been claimed', async () => {
    const test = await startOutbox(env);
    const work = await test.lease();
    test.service.app.get(Dispatcher, { strict: false }).take([work], 0, performance.now() - 19_100);
    await expect
      .poll(() => test.rows('SELECT stage, attempts, attempt_id, lease_token FROM outbox'))
      .toEqual([{ stage: 'send', attempts: 0, attempt_id: null, lease_token: null }]);
    expect(await new Provider(test.simulator.url).creates(work.recipient)).toEqual([]);
    expect(await test.rows('SELECT 1 FROM attempts')).toEqual([]);
  });

  it('has begun no earlier than its lease, though the clock of the process lags', async () => {
    const test = await startOutbox(env);
    const work = await test.lease();
    test.service.app.get(DatabaseClock).set(new Date(work.attemptStartedAt.getTime() - 5000));
    test.service.app.get(Dispatcher, { strict: false }).take([work], 0, performance.now());
    await expect
      .poll(() => test.rows('SELECT started_at AS at FROM attempts'))
      .toEqual([{ at: work.attemptStartedAt }]);
  });

  it('is asked for although its expiresAt has passed, where it may have been accepted', async () => {
    const test = await startOutbox(env);
    const attempted = await test.lease({ expiresAt: new Date(Date.now() + 60_000) });
    await test.fail(attempted, { step: RECONCILE, failure: failure('unknown') });
    await moveClock(test.databaseUrl, 120_000);
    await test.service.app.get(DatabaseClock).refresh();
    test.service.app.get(Dispatcher, { strict: false }).take([await test.claim()], 0, performance.now());
    // The list does not show it.
    await expect
      .poll(() => test.rows('SELECT stage, lease_token FROM outbox'), { timeout: 15_000 })
      .toEqual([{ stage: 'send', lease_token: null }]);
  });

  it('is begun while its lease is long enough', async () => {
    const test = await startOutbox(env);
    const work = await test.lease();
    test.service.app.get(Dispatcher, { strict: false }).take([work], 0, performance.now() - 10_000);
    await expect.poll(() => test.rows('SELECT outcome FROM attempts')).toEqual([{ outcome: 'accepted' }]);
  });
});
