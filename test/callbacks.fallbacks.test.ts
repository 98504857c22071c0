import { describe, expect, it } from 'vitest';
import type { ExplanationDto } from '../src/explain/explanation.dto.js';
import { PATIENT, Story, newSid } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { shareTestService } from './support/service.js';
import { whileHeld } from './support/while-held.js';

const provider = await startHeldProvider();
const service = shareTestService({ ...PATIENT, TWILIO_BASE_URL: provider.url });

let numbers = 0;
const begin = (channels: readonly string[], more: Record<string, unknown> = {}) => {
  numbers += 1;
  return Story.begin(service(), provider, `+1555126${String(numbers).padStart(4, '0')}`, channels, more);
};

/** WhatsApp accepted it, then reported it undelivered: SMS is next, with request 1. */
async function fellBack(more: Record<string, unknown> = {}) {
  const story = await begin(['whatsapp', 'sms'], more);
  const whatsapp = await story.accepted(0);
  await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016);
  return { story, whatsapp };
}

const statuses = ({ deliveries }: { deliveries: readonly { status: string }[] }) =>
  deliveries.map(({ status }) => status);

describe('a receipt of the channel before', () => {
  it('drops a fallback that was refused and waits for its retry', async () => {
    const { story, whatsapp } = await fellBack();
    await story.refused(1, 429, 20429);
    const delivered = await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered');
    expect(delivered).toMatchObject({ status: 'delivered', channel: 'whatsapp', nextAttemptAt: null });
    expect(statuses(delivered)).toEqual(['delivered', 'canceled']);
    expect(delivered.deliveries[1]?.attempts).toMatchObject([{ outcome: 'rejected', nextStep: { kind: 'none' } }]);
    expect(await story.work()).toBeNull();
    expect(await story.sentences()).toContain('the fallback had not left and is dropped');
  });

  it('drops a fallback that may have been accepted, and says so', async () => {
    const { story, whatsapp } = await fellBack();
    await story.refused(1, 503, 20503);
    const delivered = await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered');
    expect(delivered.status).toBe('delivered');
    expect(statuses(delivered)).toEqual(['delivered', 'failed']);
    expect(await story.work()).toBeNull();
    expect(await story.sentences()).toContain('in doubt whether the fallback had been accepted');
  });

  it('leaves a fallback alone that is in flight', async () => {
    const { story, whatsapp } = await fellBack();
    await story.request(1);
    expect((await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered')).status).toBe('delivered');
    expect(await story.work()).toEqual({ stage: 'send', channel: 'sms' });
    expect(await story.sentences()).toContain('after the fallback had left: the recipient gets it twice');
    await story.accepted(1);
    expect(await story.read()).toMatchObject({ status: 'delivered', deadLetter: null });
  });

  it('says only once that the recipient gets it twice, and keeps when that was delivered and read', async () => {
    const { story, whatsapp } = await fellBack();
    const sms = await story.accepted(1);
    const { deliveredAt } = await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered');
    await story.timePasses();
    const read = await story.reports(whatsapp.attemptId, whatsapp.sid, 'read');
    expect(read).toMatchObject({ deliveredAt, readAt: expect.any(String) });
    expect((await story.sentences()).match(/gets it twice/g)).toHaveLength(1);
    await story.timePasses();
    expect(await story.reports(sms.attemptId, sms.sid, 'read')).toMatchObject({ deliveredAt, readAt: read.readAt });
  });
});

it.each([
  [30008, 'may have arrived after all', true],
  [30410, 'may have arrived after all', true],
  [30003, 'has not arrived', false],
])('what follows a failure with code %i, which %s, is a possible duplicate: %s', async (code, _, possibleDuplicate) => {
  const story = await begin(['sms', 'voice']);
  const sms = await story.accepted(0);
  await story.reports(sms.attemptId, sms.sid, 'undelivered', code);
  await story.accepted(1);
  const { deliveries } = await story.read();
  expect(deliveries[1]).toMatchObject({ channel: 'voice', attempts: [{ outcome: 'accepted', possibleDuplicate }] });
});

describe('a notification that two channels accepted', () => {
  it('is on the one that delivered it', async () => {
    const { story, whatsapp } = await fellBack();
    const sms = await story.accepted(1);
    const delivered = { status: 'delivered', channel: 'whatsapp' };
    expect(await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered')).toMatchObject(delivered);
    for (const status of ['delivered', 'read'])
      expect(await story.reports(sms.attemptId, sms.sid, status)).toMatchObject(delivered);
  });

  it('is on it also where the other had taken its place again', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const first = await story.givenUpUnknown();
    const second = await story.refused(2, 503, 20503);
    expect(await story.reports(first, newSid(), 'sent')).toMatchObject({ status: 'sent', channel: 'whatsapp' });
    const sid = newSid();
    await story.reports(second, sid, 'sent');
    expect(await story.reports(second, sid, 'delivered')).toMatchObject({ status: 'delivered', channel: 'sms' });
  });
});

describe('a late sign that the channel before had accepted it', () => {
  it('drops a fallback that waits for its retry', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const attemptId = await story.givenUpUnknown();
    await story.refused(2, 429, 20429);
    const sent = await story.reports(attemptId, newSid(), 'sent');
    expect(sent).toMatchObject({ status: 'sent', channel: 'whatsapp' });
    expect(statuses(sent)).toEqual(['sent', 'canceled']);
    expect(await story.work()).toBeNull();
    expect(await story.sentences()).toContain('the fallback had not left and is dropped');
  });

  it('drops a fallback in doubt, and says that the recipient may get it twice', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const attemptId = await story.givenUpUnknown();
    await story.refused(2, 503, 20503);
    expect(statuses(await story.reports(attemptId, newSid(), 'sent'))).toEqual(['sent', 'failed']);
    expect(await story.work()).toBeNull();
    expect(await story.sentences()).toContain('may get it twice');
  });

  it('says that the recipient may get it twice when the fallback is in flight', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const attemptId = await story.givenUpUnknown();
    await story.request(2);
    expect((await story.reports(attemptId, newSid(), 'sent')).status).toBe('sent');
    expect(await story.work()).toEqual({ stage: 'send', channel: 'sms' });
    expect(await story.sentences()).toContain('may get it twice');
    await story.accepted(2);
    expect(statuses(await story.read())).toEqual(['sent', 'sent']);
  });

  it('lets a dropped fallback that was never tried take over later', async () => {
    const story = await begin(['whatsapp', 'sms'], { fallbackAfterSeconds: 86_400 });
    const [attemptId, sid] = await whileHeld(service(), 'sms', async () => {
      const unknown = await story.givenUpUnknown();
      await story.untilHeld();
      const late = newSid();
      expect(statuses(await story.reports(unknown, late, 'sent'))).toEqual(['sent', 'canceled']);
      return [unknown, late];
    });
    expect(await story.work()).toEqual({ stage: 'await_delivery', channel: 'whatsapp' });
    await story.reports(attemptId, sid, 'undelivered', 63016);
    await story.accepted(2);
    expect(statuses(await story.read())).toEqual(['failed', 'canceled', 'sent']);
  });

  it('lets it take over, too, when no receipt comes in time', async () => {
    const story = await begin(['whatsapp', 'sms'], { fallbackAfterSeconds: 60 });
    await whileHeld(service(), 'sms', async () => {
      const unknown = await story.givenUpUnknown();
      await story.untilHeld();
      await story.reports(unknown, newSid(), 'sent');
    });
    const explained = await service().api.get<ExplanationDto>(`/v1/notifications/${story.id}/explain`);
    expect(explained.body.next?.sentence).toMatch(/without it sms is next\.$/);
    await story.timePasses();
    await story.accepted(2);
    expect(statuses(await story.read())).toEqual(['sent', 'canceled', 'sent']);
  });

  it('leaves the waiting fallback alone when it is the sign of a failure', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const attemptId = await story.givenUpUnknown();
    await story.refused(2, 429, 20429);
    const failed = await story.reports(attemptId, newSid(), 'undelivered', 63016);
    expect(failed).toMatchObject({ status: 'queued', channel: 'sms', deadLetter: null });
    expect(await story.work()).toEqual({ stage: 'send', channel: 'sms' });
    expect(await story.stepsAfterCallbacks()).toMatchObject([{ kind: 'none' }]);
  });
});

describe('the failure of a delivery', () => {
  it('that was accepted after all ends a notification that was saved from the review queue', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const attemptId = await story.givenUpUnknown();
    await story.refused(2, 400, 21211);
    expect(await story.until(({ status }) => status === 'failed')).toMatchObject({ deadLetter: { state: 'open' } });
    const sid = newSid();
    expect(await story.reports(attemptId, sid, 'sent')).toMatchObject({
      status: 'sent',
      channel: 'whatsapp',
      deadLetter: { state: 'resolved', resolution: 'discarded' },
    });
    expect(await story.reports(attemptId, sid, 'undelivered', 30007)).toMatchObject({
      status: 'failed',
      channel: 'whatsapp',
      deadLetter: { state: 'open', channel: 'whatsapp' },
    });
  });

  it('is shown to a human also where an earlier channel may still deliver it, until it does', async () => {
    const story = await begin(['whatsapp', 'sms'], { fallbackAfterSeconds: 60 });
    const whatsapp = await story.accepted(0);
    await story.timePasses();
    const sms = await story.accepted(1);
    expect(await story.reports(sms.attemptId, sms.sid, 'undelivered', 30003)).toMatchObject({
      status: 'failed',
      deadLetter: { state: 'open', channel: 'sms', reason: expect.stringContaining('whatsapp accepted it as well') },
    });
    expect(await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered')).toMatchObject({
      status: 'delivered',
      channel: 'whatsapp',
      deadLetter: { state: 'resolved', resolvedBy: 'system' },
    });
  });

  it('keeps its dead letter when the earlier channel fails, too', async () => {
    const story = await begin(['whatsapp', 'sms'], { fallbackAfterSeconds: 60 });
    const whatsapp = await story.accepted(0);
    await story.timePasses();
    const sms = await story.accepted(1);
    const { deadLetter } = await story.reports(sms.attemptId, sms.sid, 'undelivered', 30003);
    expect(await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016)).toMatchObject({
      status: 'failed',
      deadLetter: { id: deadLetter?.id, state: 'open' },
    });
  });

  it('does not keep the next channel waiting for one that was not delivered in time', async () => {
    const story = await begin(['whatsapp', 'sms', 'voice'], { fallbackAfterSeconds: 60 });
    await story.accepted(0);
    await story.timePasses();
    const sms = await story.accepted(1);
    const after = await story.reports(sms.attemptId, sms.sid, 'undelivered', 30003);
    expect(after.channel).toBe('voice');
    await story.accepted(2);
  });

  it('leads to the next channel also when it is faster than the answer', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const { attemptId, accept } = await story.request(0);
    const sid = newSid();
    await story.reports(attemptId, sid, 'failed', 63024);
    await story.accepted(1);
    accept(sid);
    expect(statuses(await story.read())).toEqual(['failed', 'sent']);
  });

  it('leads from the review queue to the next channel where its acceptance had been in doubt', async () => {
    const story = await begin(['whatsapp', 'sms'], { onUnknown: 'review' });
    const attemptId = await story.refused(0, 503, 20503);
    await story.timePasses();
    expect(await story.until(({ status }) => status === 'failed')).toMatchObject({ deadLetter: { state: 'open' } });
    const after = await story.reports(attemptId, newSid(), 'undelivered', 63016);
    expect(after).toMatchObject({ channel: 'sms', deadLetter: { state: 'resolved', resolvedBy: 'system' } });
    await story.accepted(1);
  });

  it('leaves a dead letter as it is where no channel is left', async () => {
    const story = await begin(['sms'], { onUnknown: 'review' });
    const attemptId = await story.refused(0, 503, 20503);
    await story.timePasses();
    const { deadLetter } = await story.until(({ status }) => status === 'failed');
    const after = await story.reports(attemptId, newSid(), 'undelivered', 30003);
    expect(after).toMatchObject({ status: 'failed', deadLetter: { id: deadLetter?.id, state: 'open' } });
    expect(await story.stepsAfterCallbacks()).toEqual([{ kind: 'none', reason: 'it waits for a human already' }]);
  });

  it('leads to no other channel once expiresAt has passed', async () => {
    const { rows } = await service().database.query<{ at: Date }>(`SELECT service_now() + interval '2 minutes' AS at`);
    const story = await begin(['whatsapp', 'sms'], { expiresAt: rows[0]?.at.toISOString() });
    const { attemptId, sid } = await story.accepted(0);
    await story.timePasses();
    const failed = await story.reports(attemptId, sid, 'undelivered', 63016);
    expect(failed).toMatchObject({
      status: 'failed',
      deadLetter: { state: 'open', reason: expect.stringContaining('its expiresAt has passed') },
    });
    expect(statuses(failed)).toEqual(['failed']);
  });

  it("takes a human's corrections along to the next channel, but for the sender, which is not one of that", async () => {
    const story = await begin(['whatsapp', 'sms']);
    await story.refused(0, 400, 21618);
    const { deadLetter } = await story.until(({ status }) => status === 'failed');
    const to = '+15551279999';
    const changes = { to, body: 'Corrected', sender: '+14155550099' };
    await service().api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes });
    const corrected = await story.accepted(0, to);
    await story.reports(corrected.attemptId, corrected.sid, 'undelivered', 63016);
    expect(await story.request(1, to)).toMatchObject({ to, body: 'Corrected' });
    await story.accepted(1, to);
    expect((await story.read()).deliveries.slice(1)).toMatchObject([
      { channel: 'whatsapp', from: '+14155550099' },
      { channel: 'sms', from: '+15005550006' },
    ]);
    const { rows } = await service().database.query<{ recipient: string }>(
      'SELECT recipient FROM failures WHERE notification_id = $1 AND callback_id IS NOT NULL',
      [story.id],
    );
    expect(rows).toEqual([{ recipient: to }]);
  });
});
