import { describe, expect, it } from 'vitest';
import type { Work } from '../src/outbox/work.js';
import { Reconciler } from '../src/reconciliation/reconciler.js';
import { failure, RECONCILE, RETRY, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { listed, startListingProvider } from './reconciliation.setup.js';

const provider = await startListingProvider();
const SHOWN = `SM${'9'.repeat(32)}`;
const LATER = { ...RETRY, waitMs: 600_000 };

describe('a message in the list is not taken for that of another notification with the same words', () => {
  it.each([
    ['which was accepted and waits for its receipt', (test: OutboxUnderTest, work: Work) => test.accept(work)],
    [
      'which was refused and waits to be repeated',
      (test: OutboxUnderTest, work: Work) => test.fail(work, { step: LATER }),
    ],
  ])('%s', async (_, ended) => {
    const test = await startOutbox({ TWILIO_BASE_URL: provider.url });
    const same = {
      recipient: '+15551230001',
      channels: ['sms', 'voice'] as const,
      content: { body: 'Hello' },
      fallbackAfterSeconds: 600,
    };
    await ended(test, await test.lease(same));
    await test.fail(await test.lease(same), { step: RECONCILE, failure: failure('unknown') });
    const asking = await test.claim();
    provider.script(same.recipient, { create: () => 503, list: () => [listed(SHOWN, Date.now())] });
    const { judgement } = await test.service.app
      .get(Reconciler, { strict: false })
      .find(asking, AbortSignal.timeout(30_000));
    expect(judgement).toMatchObject({ kind: 'accepted', source: 'list', sid: SHOWN });
  });
});
