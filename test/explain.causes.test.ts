import { describe, expect, it } from 'vitest';
import type { ExplanationDto } from '../src/explain/explanation.dto.js';
import { PATIENT, Story, newSid } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { shareTestService } from './support/service.js';

const provider = await startHeldProvider();
const service = shareTestService({ ...PATIENT, TWILIO_BASE_URL: provider.url });

let numbers = 0;
const begin = (channels: readonly string[], more: Record<string, unknown> = {}) => {
  numbers += 1;
  return Story.begin(service(), provider, `+1555129${String(numbers).padStart(4, '0')}`, channels, more);
};

async function explain({ id }: Story): Promise<ExplanationDto> {
  return (await service().api.get<ExplanationDto>(`/v1/notifications/${id}/explain`)).body;
}

const resolve = async (story: Story, how: string, body: object = {}) => {
  const { deadLetter } = await story.until(({ status }) => status === 'failed');
  const answer = await service().api.post(`/v1/admin/dead-letters/${deadLetter?.id}/${how}`, body);
  expect(answer.status).toBe(200);
};

describe('what is told of one moment', () => {
  it('is told in the order of cause and consequence', async () => {
    const story = await begin(['whatsapp', 'sms']);
    const attemptId = await story.givenUpUnknown();
    await story.refused(2, 429, 20429);
    await story.reports(attemptId, newSid(), 'delivered');
    const told = (await explain(story)).decisions.map(({ sentence }) => sentence).slice(-3);
    expect(told).toEqual([
      expect.stringContaining('Twilio reported it delivered on whatsapp'),
      expect.stringContaining('A callback carries the id of the attempt'),
      expect.stringContaining('after a fallback was decided; the fallback had not left and is dropped'),
    ]);
  });

  it("calls a human's retry what it is, and gives a reason once", async () => {
    const story = await begin(['sms'], { onUnknown: 'review' });
    const attemptId = await story.refused(0, 503, 20503);
    await story.timePasses();
    await resolve(story, 'retry');
    await story.refused(1, 429, 20429);
    await story.reports(attemptId, newSid(), 'sent');
    const { decisions } = await explain(story);
    expect(decisions.at(-1)).toMatchObject({
      rule: 'accepted after a human had it sent again',
      sentence: expect.stringContaining("the human's retry had not left and is dropped"),
    });
    const asked = decisions.find(({ rule }) => rule === 'reconciliation')?.sentence;
    expect(asked?.match(/does not show it/g)).toHaveLength(1);
    expect(asked).toContain('the caller wants a human to decide; it goes to the review queue.');
  });
});

describe('an acceptance that a callback told first', () => {
  it('is told where the answer never came, and told as the answer where it did', async () => {
    const story = await begin(['sms']);
    const { attemptId, accept } = await story.request(0);
    const sid = newSid();
    await story.reports(attemptId, sid, 'sent');
    const told = async () =>
      (await explain(story)).decisions.slice(1).map(({ rule, sentence }) => `${rule}: ${sentence}`);
    expect(await told()).toEqual(['callback: A callback shows that Twilio accepted attempt 1 on sms.']);
    accept(sid);
    await expect
      .poll(told)
      .toEqual([expect.stringMatching(/^HTTP status 201: Twilio accepted attempt 1 on sms at [\d:]+\.$/)]);
  });

  it('is told before the failure that came with it', async () => {
    const story = await begin(['sms']);
    const { attemptId, accept } = await story.request(0);
    await story.reports(attemptId, newSid(), 'undelivered', 30003);
    const [, accepted, failed] = (await explain(story)).decisions;
    expect(accepted?.sentence).toBe('A callback shows that Twilio accepted attempt 1 on sms.');
    expect(failed?.sentence).toContain('Twilio reported it undelivered on sms');
    accept(newSid());
  });
});

describe('the channel that is promised next', () => {
  const AFTER_A_DAY = { fallbackAfterSeconds: 86_400 };

  it('is not one that was tried: then nothing is watched, and only the receipt is missing', async () => {
    const story = await begin(['whatsapp', 'sms'], AFTER_A_DAY);
    await story.refused(0, 400, 63024);
    await story.refused(1, 400, 21618);
    await resolve(story, 'fallback', { channel: 'whatsapp' });
    await story.accepted(2);
    expect(await story.work()).toBeNull();
    expect((await explain(story)).next?.sentence).toBe('Twilio accepted it: only its delivery receipt is missing.');
  });

  it('is the one that is really left, also behind a channel that the caller did not name', async () => {
    const story = await begin(['sms', 'whatsapp'], AFTER_A_DAY);
    await story.refused(0, 400, 21618);
    await resolve(story, 'fallback', { channel: 'voice' });
    await story.accepted(1);
    expect((await explain(story)).next?.sentence).toMatch(/without it whatsapp is next\.$/);
  });

  it('is none where its expiresAt comes first', async () => {
    const { rows } = await service().database.query<{ at: Date }>(`SELECT service_now() + interval '1 hour' AS at`);
    const story = await begin(['sms', 'voice'], { ...AFTER_A_DAY, expiresAt: rows[0]?.at.toISOString() });
    await story.accepted(0);
    expect((await explain(story)).next?.sentence).toMatch(/comes before that, so no other channel takes over\.$/);
  });
});
