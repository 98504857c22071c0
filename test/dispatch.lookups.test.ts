import { describe, expect, it } from 'vitest';
import { AttemptRunner } from '../src/dispatch/attempt.runner.js';
import { paceId } from '../src/incidents/circuit.scope.js';
import { startDoubtfulProvider } from './dispatch.questions.setup.js';
import { failure, RECONCILE, startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { partOf } from './support/part-of.js';
import { Provider, startTestService } from './support/service.js';

const HELLO = { to: '+15551230001', channels: ['sms'], body: 'Hello' };
/** A look-up has 2.5 s, which ten pages, the most that are read, outlast. */
const SLOW = { TWILIO_TIMEOUT_MS: '2000', LEASE_MS: '3500' };

describe('a look-up that takes longer than its lease', () => {
  it('ends in time, spends a retry each time, and then a human decides', async () => {
    const provider = await startDoubtfulProvider();
    // Every page has a next one, and is there long before a request's deadline: no deadline of one request ends it.
    provider.onQuestion = (question) => {
      const page = Number(new URL(question.path, 'http://provider').searchParams.get('Page') ?? 0);
      const message = {
        sid: `SM${String(page).padStart(32, '0')}`,
        direction: 'outbound-api',
        body: 'Another',
        status: 'sent',
      };
      const messages = [{ ...message, to: HELLO.to, from: '+15005550006', date_created: new Date().toUTCString() }];
      const next_page_uri = `/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json?Page=${page + 1}`;
      setTimeout(() => question.answer(200, { messages, next_page_uri }), 400);
    };
    const { api, database } = await startTestService({ ...SLOW, TWILIO_BASE_URL: provider.url, RETRY_MAX: '1' });
    const id = await api.send(HELLO);
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deadLetter?.reason).toContain("the provider's list could not be read to its end in time");
    expect(provider.messages).toBe(1);
    const { rows } = await database.query('SELECT sentence FROM decisions');
    expect(rows.map(({ sentence }) => String(sentence)).join()).not.toContain('lease ran out');
  });
});

describe('a look-up that the provider refuses', () => {
  it('is no ambiguous one', async () => {
    const { service, simulator, lease, fail, claim, recorder, rows } = await startOutbox();
    await new Provider(simulator.url).fail('*', {
      match: { resource: 'list' },
      fault: { kind: 'status', status: 503 },
    });
    await fail(await lease(), { step: RECONCILE, failure: failure('unknown') });
    const asked = { work: await claim(), leasedAt: performance.now() };
    await partOf(service, AttemptRunner).run(asked, new AbortController().signal);
    await recorder.settled();
    expect(await rows('SELECT stage, retries, lookups FROM outbox')).toEqual([
      { stage: 'reconcile', retries: 2, lookups: 0 },
    ]);
  });
});

describe('a look-up that finds nothing', () => {
  it('is repeated when the sender has a turn to give: until then, the message may still appear', async () => {
    const provider = await startDoubtfulProvider();
    const sender = '+15005550006';
    const env = { SENDER_RATES: `${sender}=1`, TWILIO_BASE_URL: provider.url };
    const { service, outbox, lease, fail, claim, recorder, rows } = await startOutbox(env);
    const runClaimed = async () => {
      const asked = { work: await claim(), leasedAt: performance.now() };
      await partOf(service, AttemptRunner).run(asked, new AbortController().signal);
      await recorder.settled();
    };
    await fail(await lease(), { step: RECONCILE, failure: failure('unknown') });
    await runClaimed();
    expect(await rows('SELECT stage, held_by, retries FROM outbox')).toEqual([
      { stage: 'reconcile', held_by: paceId(sender), retries: 1 },
    ]);
    expect(provider).toMatchObject({ asked: [expect.any(String)], messages: 0 });

    await outbox.release(paceId(sender), 1);
    await runClaimed();
    expect(provider.asked).toHaveLength(2);
    expect(provider.messages).toBe(1);
  });
});

describe('a look-up whose lease ran out', () => {
  it('spends a retry, and says so', async () => {
    const { outbox, lease, fail, databaseUrl, rows, sentences } = await startOutbox();
    const work = await lease();
    await fail(work, { step: RECONCILE });
    await outbox.claim(1);
    await moveClock(databaseUrl, 60_000);
    expect(await outbox.rescue()).toBe(1);
    expect(await rows('SELECT stage, retries, exhausted, attempt_id FROM outbox')).toEqual([
      { stage: 'reconcile', retries: 2, exhausted: false, attempt_id: work.attemptId },
    ]);
    expect((await sentences(work.notificationId)).at(-1)).toMatch(/^reconciliation: .*lease ran out/);
  });

  it('is asked no more once it was lost more often than there are retries: a human decides', async () => {
    const provider = await startDoubtfulProvider();
    const unanswered: unknown[] = [];
    provider.onQuestion = (question) => void unanswered.push(question);
    const started = await startTestService({
      ROLE: 'api',
      TWILIO_BASE_URL: provider.url,
      TWILIO_TIMEOUT_MS: '30000',
      LEASE_MS: '60000',
    });
    const { api, database, databaseUrl } = started;
    const id = await api.send(HELLO);
    await started.replica({ ROLE: 'worker' });
    for (let asked = 1; asked <= 8; asked += 1) {
      await expect.poll(() => unanswered.length).toBe(asked);
      await moveClock(databaseUrl, 61_000);
    }
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deadLetter?.reason).toContain('no look-up at the provider came to its end');
    expect(unanswered).toHaveLength(8);
    expect(await database.query('SELECT 1 FROM outbox')).toMatchObject({ rows: [] });
  }, 60_000);
});
