import { describe, expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { PATIENT, Story, newSid } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { shareTestService } from './support/service.js';

const provider = await startHeldProvider();
const service = shareTestService({ ...PATIENT, TWILIO_BASE_URL: provider.url });

let numbers = 0;
const newNumber = () => {
  numbers += 1;
  return `+1555128${String(numbers).padStart(4, '0')}`;
};

const statuses = ({ deliveries }: NotificationDto) => deliveries.map(({ status }) => status);

/** Nobody knows whether the first attempt was accepted, and a human has sent it again with these changes. */
async function corrected(changes: { to?: string; body?: string }, more: Record<string, unknown> = {}) {
  const story = await Story.begin(service(), provider, newNumber(), ['sms'], { onUnknown: 'review', ...more });
  const first = await story.refused(0, 503, 20503);
  await story.timePasses();
  const { deadLetter } = await story.until(({ status }) => status === 'failed');
  const answer = await service().api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes });
  expect(answer.status).toBe(200);
  return { story, first };
}

/** The corrected one was refused for now, and waits for its retry. */
async function waiting(story: Story, index: number, to: string) {
  const { attemptId, refuse } = await story.request(index, to);
  refuse(429, 20429);
  await story.recorded(attemptId, 'rejected');
}

describe('a late sign that the former recipient got it', () => {
  it('leaves the corrected one to be sent, and to be told of by its own receipt', async () => {
    const to = newNumber();
    const { story, first } = await corrected({ to, body: 'Your parcel' });
    await waiting(story, 0, to);
    const sid = newSid();
    const after = await story.reports(first, sid, 'sent');
    expect(after).toMatchObject({ status: 'queued', deadLetter: { state: 'resolved' } });
    expect(statuses(after)).toEqual(['sent', 'queued']);
    expect(await story.sentences()).toContain('corrected its recipient since');
    await story.timePasses();
    const right = await story.accepted(1, to);
    expect(await story.reports(first, sid, 'delivered')).toMatchObject({ status: 'sent', deliveredAt: null });
    const delivered = await story.reports(right.attemptId, right.sid, 'delivered');
    expect(delivered.status).toBe('delivered');
    expect(statuses(delivered)).toEqual(['delivered', 'delivered']);
    expect(await story.sentences()).not.toContain('twice');
  });

  it('leaves the dead letter of the corrected one to a human', async () => {
    const to = newNumber();
    const { story, first } = await corrected({ to });
    (await story.request(0, to)).refuse(400, 21211);
    const { deadLetter } = await story.until(({ status }) => status === 'failed');
    const after = await story.reports(first, newSid(), 'delivered');
    expect(after).toMatchObject({ status: 'failed', deadLetter: { id: deadLetter?.id, state: 'open' } });
    expect(statuses(after)).toEqual(['delivered', 'failed']);
  });

  it('does not count as sent what expires before the corrected one was', async () => {
    const { rows } = await service().database.query<{ at: Date }>(`SELECT service_now() + interval '7 minutes' AS at`);
    const to = newNumber();
    const { story, first } = await corrected({ to }, { expiresAt: rows[0]?.at.toISOString() });
    await waiting(story, 0, to);
    await story.reports(first, newSid(), 'sent');
    await story.timePasses();
    const expired = await story.until(({ status }) => status === 'expired');
    expect(statuses(expired)).toEqual(['sent', 'expired']);
  });
});

describe('a late failure of what a human has corrected since', () => {
  it('leads to no other channel, which would say the former words to the former recipient', async () => {
    const to = newNumber();
    const { story, first } = await corrected({ to }, { channels: ['whatsapp', 'sms'] });
    (await story.request(0, to)).refuse(400, 21211);
    const { deadLetter } = await story.until(({ status }) => status === 'failed');
    const after = await story.reports(first, newSid(), 'undelivered', 63016);
    expect(after).toMatchObject({ status: 'failed', deadLetter: { id: deadLetter?.id, state: 'open' } });
    expect(statuses(after)).toEqual(['failed', 'failed']);
    expect(await story.stepsAfterCallbacks()).toEqual([
      { kind: 'none', reason: 'a human has corrected it and sent it again since' },
    ]);
  });
});

describe('a late sign that the former words were accepted', () => {
  it('leaves the corrected words to be sent, and says that the recipient may get both', async () => {
    const { story, first } = await corrected({ body: 'Your parcel, corrected' });
    await waiting(story, 1, story.to);
    expect(statuses(await story.reports(first, newSid(), 'sent'))).toEqual(['sent', 'queued']);
    expect(await story.sentences()).toContain('the recipient may get both');
    await story.timePasses();
    expect((await story.request(2)).body).toBe('Your parcel, corrected');
    await story.accepted(2);
    expect(await story.read()).toMatchObject({ status: 'sent' });
  });

  it('does drop what a human sent again as it was', async () => {
    const { story, first } = await corrected({});
    await waiting(story, 1, story.to);
    const after = await story.reports(first, newSid(), 'sent');
    expect(after.status).toBe('sent');
    expect(statuses(after)).toEqual(['sent', 'canceled']);
  });
});
