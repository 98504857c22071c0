import { describe, expect, it } from 'vitest';
import type { NewNotification, Work } from '../src/outbox/work.js';
import { Reconciler } from '../src/reconciliation/reconciler.js';
import { DEAD_LETTER, failure, RECONCILE, RETRY, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { listed, startListingProvider } from './reconciliation.setup.js';

const provider = await startListingProvider();
const SHOWN = `SM${'9'.repeat(32)}`;
const LATER = { ...RETRY, waitMs: 600_000 };
const SAME = {
  recipient: '+15551230001',
  channels: ['sms', 'voice'] as const,
  content: { body: 'Hello' },
  fallbackAfterSeconds: 600,
};

/** What becomes of an attempt in doubt where the provider shows one message that fits. */
async function judged(test: OutboxUnderTest, own: Partial<NewNotification> = SAME, address = SAME.recipient) {
  await test.fail(await test.lease(own), { step: RECONCILE, failure: failure('unknown') });
  const asking = await test.claim();
  provider.script(address, { create: () => 503, list: () => [listed(SHOWN, Date.now())] });
  const reconciler = test.service.app.get(Reconciler, { strict: false });
  return (await reconciler.find(asking, AbortSignal.timeout(30_000))).judgement;
}

describe('a message in the list is not taken for that of another notification with the same words', () => {
  it.each([
    ['which was accepted and waits for its receipt', (test: OutboxUnderTest, work: Work) => test.accept(work)],
    [
      'which was refused and waits to be repeated',
      (test: OutboxUnderTest, work: Work) => test.fail(work, { step: LATER }),
    ],
    [
      'which a human has sent again in other words',
      async (test: OutboxUnderTest, work: Work) => {
        await test.fail(work, { step: DEAD_LETTER });
        const [letter] = await test.rows('SELECT id FROM dead_letters');
        const changes = { body: 'Good day' };
        const path = `/v1/admin/dead-letters/${String(letter?.['id'])}/retry`;
        expect((await test.api.post(path, { changes })).status).toBe(200);
        await test.claim();
      },
    ],
  ])('%s', async (_, ended) => {
    const test = await startOutbox({ TWILIO_BASE_URL: provider.url });
    await ended(test, await test.lease(SAME));
    expect(await judged(test)).toMatchObject({ kind: 'accepted', source: 'list', sid: SHOWN });
  });
});

it('a message may be that of a notification in doubt whose words retention has deleted', async () => {
  const test = await startOutbox({ TWILIO_BASE_URL: provider.url });
  const rival = await test.lease(SAME);
  await test.fail(rival, { step: DEAD_LETTER, failure: failure('unknown') });
  await test.rows('UPDATE notifications SET content = NULL WHERE id = $1', [rival.notificationId]);
  expect(await judged(test)).toMatchObject({ kind: 'ambiguous' });
});

it('a message may be that of a notification in doubt with words, where ours is a template that shows none', async () => {
  const test = await startOutbox({ TWILIO_BASE_URL: provider.url });
  const onWhatsApp = { ...SAME, channels: ['whatsapp', 'sms'] as const };
  await test.fail(await test.lease(onWhatsApp), { step: DEAD_LETTER, failure: failure('unknown') });
  const template = { ...onWhatsApp, content: { whatsapp: { contentSid: `HX${'0'.repeat(32)}` } } };
  expect(await judged(test, template, `whatsapp:${SAME.recipient}`)).toMatchObject({ kind: 'ambiguous' });
});
