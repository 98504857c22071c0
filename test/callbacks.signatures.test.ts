import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { keepLines } from './support/log.lines.js';
import { shareTestService, type ServiceUnderTest } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const OTHER_TOKEN = '0123456789abcdef0123456789abcdef';
const shared = shareTestService({ TWILIO_AUTH_TOKEN_SECONDARY: OTHER_TOKEN }, { callbacks: 'none' });

/** A notification that the provider accepted and says nothing more about. */
async function sent({ api }: ServiceUnderTest) {
  const id = await api.send({ to: '+15551250001', channels: ['sms'], body: 'Hello' });
  const [delivery] = (await api.untilStatus(id, 'sent')).deliveries;
  return { id, attemptId: delivery?.attempts[0]?.id ?? '', sid: delivery?.providerSid ?? '' };
}

const read = async ({ api }: ServiceUnderTest, id: string) =>
  (await api.get<NotificationDto>(`/v1/notifications/${id}`)).body;

/** How many callbacks this service has counted under a result. */
async function counted({ url }: ServiceUnderTest, result: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^postrider_callbacks_total{result="${result}"} (\\d+)$`, 'm').exec(page)?.[1]);
}

describe('a status callback', () => {
  it('with a bad signature is refused and leaves no trace', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    const params = { MessageSid: sid, MessageStatus: 'delivered' };
    const path = `/callbacks/twilio/message/${attemptId}`;
    const answer = await new TwilioCallback(service).post(path, params, 'bm90IHNpZ25lZA==');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await read(service, id)).toMatchObject({ status: 'sent', deliveries: [{ callbacks: [] }] });
  });

  it('without a signature is refused, too, but counts apart: anybody can send it', async () => {
    const service = shared();
    const before = [await counted(service, 'refused'), await counted(service, 'unsigned')];
    const address = `${service.url}/callbacks/twilio/message/${randomUUID()}`;
    const answer = await fetch(address, { method: 'POST', body: new URLSearchParams({ MessageSid: 'SM1' }) });
    expect(answer.status).toBe(403);
    expect([await counted(service, 'refused'), await counted(service, 'unsigned')]).toEqual([
      before[0],
      Number(before[1]) + 1,
    ]);
  });

  it('for an attempt that is not here is not found, and counts apart', async () => {
    const service = shared();
    expect(await counted(service, 'unknown')).toBe(0);
    const answer = await new TwilioCallback(service).message(randomUUID(), `SM${'0'.repeat(32)}`, 'delivered');
    expect(answer.status).toBe(404);
    expect(await counted(service, 'unknown')).toBe(1);
  });

  it('that is refused is logged once a second at most, with a count of the others; without a signature never', async () => {
    const { destination, lines } = keepLines();
    const replica = await shared().replica({}, pino({ level: 'info' }, destination));
    const postMany = async (headers: Record<string, string>) => {
      const post = async () => {
        const address = `${replica.url}/callbacks/twilio/message/${randomUUID()}`;
        const body = new URLSearchParams({ MessageSid: 'SM1' });
        return (await fetch(address, { method: 'POST', headers, body })).status;
      };
      expect(await Promise.all(Array.from({ length: 50 }, post))).toEqual(Array(50).fill(403));
      return lines.map((line) => JSON.parse(line)).filter(({ msg }) => String(msg).includes('signature'));
    };
    expect(await postMany({})).toEqual([]);
    const warnings = await postMany({ 'x-twilio-signature': 'bm90IHNpZ25lZA==' });
    expect(warnings[0]).toMatchObject({ msg: 'a callback with a bad signature was refused', leftOut: 0 });
    expect(warnings.length).toBeLessThan(50);
    await replica.close();
  });

  it.each([
    ['message/ID', { MessageSid: 'SM1' }, ['/MessageStatus']],
    ['message/ID', { ErrorCode: '30003' }, ['/MessageSid', '/MessageStatus']],
    ['call/ID', { CallStatus: 'busy' }, ['/CallSid']],
    ['inbound', { From: '+15551250001' }, ['/To']],
  ])('names what it lacks: %s with %j', async (path, params, pointers) => {
    const service = shared();
    const { attemptId } = await sent(service);
    const address = `/callbacks/twilio/${path.replace('ID', attemptId)}`;
    const answer = await new TwilioCallback(service).post(address, params);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      {
        type: 'urn:postrider:problem:validation-failed',
        errors: pointers.map((pointer) => ({ pointer, detail: 'is required' })),
      },
    ]);
  });

  it('is taken with either token while the auth token is exchanged', async () => {
    const service = shared();
    const { id, attemptId, sid } = await sent(service);
    expect((await new TwilioCallback(service).message(attemptId, sid, 'sent')).status).toBe(204);
    expect((await new TwilioCallback(service, OTHER_TOKEN).message(attemptId, sid, 'delivered')).status).toBe(204);
    expect((await new TwilioCallback(service, 'a third one').message(attemptId, sid, 'read')).status).toBe(403);
    expect(await read(service, id)).toMatchObject({ status: 'delivered', readAt: null });
  });
});

it('says neither token in the log, however much it says', async () => {
  const { destination, lines } = keepLines();
  const service = shared();
  const replica = await service.replica({}, pino({ level: 'trace' }, destination));
  const { attemptId, sid } = await sent(service);
  const path = `/callbacks/twilio/message/${attemptId}`;
  const params = { MessageSid: sid, MessageStatus: 'delivered' };
  for (const [token, status] of [
    ['a third one', 403],
    [OTHER_TOKEN, 204],
  ] as const) {
    const signature = getExpectedTwilioSignature(token, `${service.url}${path}`, params);
    const answer = await new TwilioCallback({ ...service, url: replica.url }).post(path, params, signature);
    expect(answer.status).toBe(status);
  }
  await replica.close();
  expect(lines.join('')).toContain('delivered');
  expect(lines.join('')).not.toContain(OTHER_TOKEN);
  expect(lines.join('')).not.toContain(shared().configuration.twilio.authToken);
});
