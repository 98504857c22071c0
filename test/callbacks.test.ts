import { describe, expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { Provider, shareTestService, startTestService, type ServiceUnderTest } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const shared = shareTestService({}, { callbacks: 'none' });

let numbers = 0;
const recipient = () => `+1555124${String((numbers += 1)).padStart(4, '0')}`;

/** A notification that the provider accepted and says nothing more about. */
async function sent(service: ServiceUnderTest, more: Record<string, unknown> = {}) {
  const to = recipient();
  const id = await service.api.send({ to, channels: ['sms'], body: 'Hello', ...more });
  const notification = await service.api.untilStatus(id, 'sent');
  const delivery = notification.deliveries[0];
  return { id, to, attemptId: delivery?.attempts[0]?.id ?? '', sid: delivery?.providerSid ?? '' };
}

const read = async (service: ServiceUnderTest, id: string) =>
  (await service.api.get<NotificationDto>(`/v1/notifications/${id}`)).body;

describe('status callbacks', () => {
  it('follow a message to delivered and read', async () => {
    const service = shared();
    const twilio = new TwilioCallback(service);
    const { id, attemptId, sid } = await sent(service);
    for (const status of ['queued', 'sent', 'delivered']) {
      expect((await twilio.message(attemptId, sid, status)).status).toBe(204);
    }
    const delivered = await read(service, id);
    expect(delivered).toMatchObject({ status: 'delivered', readAt: null });
    expect(delivered.deliveredAt).not.toBeNull();
    await twilio.message(attemptId, sid, 'read');
    const seen = await read(service, id);
    expect(seen).toMatchObject({ status: 'delivered', deliveredAt: delivered.deliveredAt });
    expect(seen.readAt).not.toBeNull();
    expect(seen.deliveries[0]?.callbacks.map((callback) => callback.status)).toEqual([
      'queued',
      'sent',
      'delivered',
      'read',
    ]);
  });

  it('count once when repeated, all at the same time too', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => new TwilioCallback(service).message(attemptId, sid, 'delivered')),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(204));
    expect((await read(service, id)).deliveries[0]?.callbacks).toHaveLength(1);
  });

  it('keep "delivered" when a late "sent" or "failed" arrives', async () => {
    const service = shared();
    const twilio = new TwilioCallback(service);
    const { id, attemptId, sid } = await sent(service);
    await twilio.message(attemptId, sid, 'delivered');
    await twilio.message(attemptId, sid, 'sent');
    await twilio.message(attemptId, sid, 'undelivered', { ErrorCode: '30005' });
    expect(await read(service, id)).toMatchObject({ status: 'delivered', deadLetter: null });
  });

  it('treat "read" before "delivered" as delivered', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    await new TwilioCallback(service).message(attemptId, sid, 'read');
    const seen = await read(service, id);
    expect(seen.status).toBe('delivered');
    expect(seen.readAt).toBe(seen.deliveredAt);
  });

  it('may carry parameters that nobody knows yet', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    const answer = await new TwilioCallback(service).message(attemptId, sid, 'delivered', { BrandNew: 'ä +&=' });
    expect(answer.status).toBe(204);
    expect((await read(service, id)).status).toBe('delivered');
  });

  it.each([
    ['a code that no column holds', { ErrorCode: '3000000000' }, null],
    ['a text with NUL', { ErrorCode: '30007', ErrorMessage: 'a\0b' }, 30007],
  ])('that fail it are recorded with %s', async (_, odd, providerCode) => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    expect((await new TwilioCallback(service).message(attemptId, sid, 'undelivered', odd)).status).toBe(204);
    const failed = await read(service, id);
    expect(failed).toMatchObject({ status: 'failed', deadLetter: { providerCode } });
    expect(failed.deliveries[0]?.callbacks).toMatchObject([{ status: 'undelivered', errorCode: providerCode }]);
  });

  it('are noted where the status has a NUL', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    expect((await new TwilioCallback(service).message(attemptId, sid, 'del\0')).status).toBe(204);
    expect((await read(service, id)).deliveries[0]?.callbacks).toMatchObject([{ status: 'del\uFFFD' }]);
  });

  it('follow a call: completed is delivered, busy fails', async () => {
    const service = shared();
    const twilio = new TwilioCallback(service);
    const answered = await sent(service, { channels: ['voice'] });
    await twilio.call(answered.attemptId, answered.sid, 'ringing');
    await twilio.call(answered.attemptId, answered.sid, 'completed');
    expect((await read(service, answered.id)).status).toBe('delivered');
    const busy = await sent(service, { channels: ['voice'] });
    await twilio.call(busy.attemptId, busy.sid, 'busy');
    expect(await read(service, busy.id)).toMatchObject({
      status: 'failed',
      deadLetter: { errorClass: 'recipient_unreachable', channel: 'voice' },
    });
  });

  it('open a dead letter when an accepted message fails and nothing else is left', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    await new TwilioCallback(service).message(attemptId, sid, 'undelivered', { ErrorCode: '30007' });
    expect(await read(service, id)).toMatchObject({
      status: 'failed',
      deadLetter: { state: 'open', errorClass: 'content_rejected', providerCode: 30007 },
      deliveries: [{ status: 'failed', attempts: [{ outcome: 'accepted', providerCode: 30007 }] }],
    });
  });

  it('that say delivered after all take the notification out of the review queue', async () => {
    const service = shared();
    const twilio = new TwilioCallback(service);
    const { id, attemptId, sid } = await sent(service);
    await twilio.message(attemptId, sid, 'undelivered', { ErrorCode: '30007' });
    await twilio.message(attemptId, sid, 'delivered');
    expect(await read(service, id)).toMatchObject({
      status: 'delivered',
      deadLetter: { state: 'resolved', resolution: 'discarded', resolvedBy: 'system' },
    });
  });
});

describe('a late callback', () => {
  it('of an attempt that was already sent again marks the duplicate', async () => {
    const service = shared();
    const to = recipient();
    const provider = new Provider(service.simulator.url);
    await provider.fail(to, { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    const resent = await service.api.untilStatus(id, 'sent');
    const [first] = resent.deliveries[0]?.attempts ?? [];
    expect(first).toMatchObject({ outcome: 'unknown' });
    const answer = await new TwilioCallback(service).message(first?.id ?? '', `SM${'9'.repeat(32)}`, 'delivered');
    expect(answer.status).toBe(204);
    const after = await read(service, id);
    expect(after.status).toBe('delivered');
    expect(after.deliveries[0]?.attempts.map((attempt) => attempt.outcome)).toEqual(['accepted', 'accepted']);
    const { rows } = await service.database.query(
      `SELECT 1 FROM decisions WHERE notification_id = $1 AND sentence LIKE '%twice%'`,
      [id],
    );
    expect(rows).toHaveLength(1);
  });

  it('answers the question while it is still open, and nothing is sent again', async () => {
    const service = await startTestService(
      { RETRY_BASE_MS: '60000', RETRY_BUDGET_MS: '600000' },
      { callbacks: 'none' },
    );
    const to = recipient();
    const provider = new Provider(service.simulator.url);
    await provider.fail(to, { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    const unknown = await service.api.until(id, (notification) => notification.deliveries[0]?.attempts.length === 1);
    expect(unknown.status).toBe('sending');
    await new TwilioCallback(service).message(
      unknown.deliveries[0]?.attempts[0]?.id ?? '',
      `SM${'8'.repeat(32)}`,
      'sent',
    );
    expect(await read(service, id)).toMatchObject({
      status: 'sent',
      nextAttemptAt: null,
      deliveries: [{ status: 'sent', providerSid: `SM${'8'.repeat(32)}` }],
    });
    expect(await provider.creates(to)).toHaveLength(1);
  });
});
