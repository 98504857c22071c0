import { describe, expect, it } from 'vitest';
import { DatabaseClock } from '../src/database/database.clock.js';
import { Dispatcher } from '../src/dispatch/dispatcher.service.js';
import { startOutbox } from './outbox.setup.js';
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

  it('is begun while its lease is long enough', async () => {
    const test = await startOutbox(env);
    const work = await test.lease();
    test.service.app.get(Dispatcher, { strict: false }).take([work], 0, performance.now() - 10_000);
    await expect.poll(() => test.rows('SELECT outcome FROM attempts')).toEqual([{ outcome: 'accepted' }]);
  });
});
