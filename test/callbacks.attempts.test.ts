import { describe, expect, it } from 'vitest';
import { PATIENT, Story, newSid } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { shareTestService } from './support/service.js';

const provider = await startHeldProvider();
const service = shareTestService({ ...PATIENT, RETRY_MAX: '3', TWILIO_BASE_URL: provider.url });

let numbers = 0;

/** The first attempt's outcome is unknown, it was sent again, and the second one is in flight. */
async function resent() {
  numbers += 1;
  const story = await Story.begin(service(), provider, `+1555127${String(numbers).padStart(4, '0')}`, ['sms']);
  const first = await story.refused(0, 503, 20503);
  await story.timePasses();
  await story.request(1);
  return { story, first };
}

const outcomes = ({ deliveries }: { deliveries: readonly { attempts: readonly { outcome: string }[] }[] }) =>
  deliveries.map(({ attempts }) => attempts.map(({ outcome }) => outcome));

describe('a late sign that the first attempt was accepted, while the second is in flight', () => {
  it('settles it, so that a refusal of the second opens no dead letter', async () => {
    const { story, first } = await resent();
    const sid = newSid();
    expect(await story.reports(first, sid, 'sent')).toMatchObject({
      status: 'sent',
      deliveries: [{ status: 'sent', providerSid: sid }],
    });
    expect(await story.sentences()).toContain('may get it twice');
    await story.refused(1, 400, 21211);
    expect(await story.read()).toMatchObject({ status: 'sent', deadLetter: null, deliveries: [{ providerSid: sid }] });
    expect((await story.reports(first, sid, 'delivered')).status).toBe('delivered');
  });

  it('keeps what the second was accepted as', async () => {
    const { story, first } = await resent();
    await story.reports(first, newSid(), 'sent');
    await story.accepted(1);
    const both = await story.read();
    expect(both.status).toBe('sent');
    expect(outcomes(both)).toEqual([['accepted', 'accepted']]);
  });
});

describe('a failure of the first attempt', () => {
  it('ends nothing while the second is in flight', async () => {
    const { story, first } = await resent();
    const failed = await story.reports(first, newSid(), 'undelivered', 30003);
    expect(failed).toMatchObject({ status: 'sending', deadLetter: null });
    expect(await story.stepsAfterCallbacks()).toEqual([
      { kind: 'none', reason: 'another attempt of this delivery is under way' },
    ]);
    const second = await story.accepted(1);
    expect((await story.reports(second.attemptId, second.sid, 'delivered')).status).toBe('delivered');
  });

  it('ends nothing while nobody knows whether the second was accepted, and is not taken for the second', async () => {
    const { story, first } = await resent();
    const second = await story.refused(1, 503, 20503);
    const sid = newSid();
    await story.reports(first, sid, 'undelivered', 30003);
    expect(await story.work()).toEqual({ stage: 'reconcile', channel: 'sms' });
    provider.list({
      sid,
      to: story.to,
      body: 'Hello',
      status: 'undelivered',
      direction: 'outbound-api',
      date_created: new Date(Date.now() + 86_400_000).toUTCString(),
    });
    await story.timePasses();
    const third = await story.accepted(2);
    provider.list();
    const sent = await story.read();
    expect(sent).toMatchObject({ status: 'sent', deliveries: [{ providerSid: third.sid }] });
    expect(sent.deliveries[0]?.attempts.map(({ id }) => id)).toEqual([first, second, third.attemptId]);
  });

  it('ends nothing when the second was accepted, until that fails too', async () => {
    const { story, first } = await resent();
    const second = await story.accepted(1);
    const waiting = await story.reports(first, newSid(), 'undelivered', 30003);
    expect(waiting).toMatchObject({ status: 'sent', deadLetter: null, deliveries: [{ status: 'sent' }] });
    const failed = await story.reports(second.attemptId, second.sid, 'undelivered', 30003);
    expect(failed).toMatchObject({
      status: 'failed',
      deadLetter: { state: 'open' },
      deliveries: [{ status: 'failed' }],
    });
    expect((await story.stepsAfterCallbacks()).map(({ kind }) => kind)).toEqual(['none', 'dead_letter']);
  });
});

it('the failure of the second attempt ends nothing when the first was accepted', async () => {
  const { story, first } = await resent();
  const second = await story.accepted(1);
  const sid = newSid();
  await story.reports(first, sid, 'sent');
  const waiting = await story.reports(second.attemptId, second.sid, 'undelivered', 30003);
  expect(waiting).toMatchObject({ status: 'sent', deadLetter: null });
  expect((await story.reports(first, sid, 'delivered')).status).toBe('delivered');
});

it('a possible duplicate stays one when its callback is faster than its answer', async () => {
  const { story } = await resent();
  const { attemptId, accept } = await story.request(1);
  const sid = newSid();
  await story.reports(attemptId, sid, 'sent');
  expect((await story.read()).deliveries[0]?.attempts).toMatchObject([
    { outcome: 'unknown' },
    { id: attemptId, outcome: 'accepted', number: 2, possibleDuplicate: true },
  ]);
  accept(sid);
});

it("the first attempt's own message is no duplicate when the list had shown it for the second", async () => {
  const { story, first } = await resent();
  const second = await story.refused(1, 503, 20503);
  const sid = newSid();
  provider.list({
    sid,
    to: story.to,
    body: 'Hello',
    status: 'sent',
    direction: 'outbound-api',
    date_created: new Date(Date.now() + 86_400_000).toUTCString(),
  });
  await story.timePasses();
  await story.recorded(second, 'accepted');
  provider.list();
  expect((await story.reports(first, sid, 'sent')).status).toBe('sent');
  expect(await story.sentences()).not.toContain('twice');
  expect(await story.reports(first, sid, 'undelivered', 30003)).toMatchObject({
    status: 'failed',
    deadLetter: { state: 'open' },
  });
});
