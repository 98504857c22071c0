import { describe, expect, it } from 'vitest';
import { handsOn } from './support/operator.js';
import { ADMIN_KEY, ApiClient, creations, type ServiceUnderTest, startTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

/** One phone: as everybody writes it today, and as WhatsApp still does. */
const NEW = '+525512345678';
const OLD = '+5215512345678';
const SENDER = 'whatsapp:+14155238886';

const hello = (to: string, ...channels: string[]) => ({ to, channels, body: 'Hola' });

async function answers(test: ServiceUnderTest, from: string, optOutType: string): Promise<void> {
  const form = { From: `whatsapp:${from}`, To: SENDER, Body: optOutType, OptOutType: optOutType };
  expect((await new TwilioCallback(test).post('/callbacks/twilio/inbound', form)).status).toBe(204);
}

async function suppressed(test: ServiceUnderTest, recipient: string) {
  const path = `/v1/admin/suppressions?recipient=${encodeURIComponent(recipient)}`;
  const { body } = await test.api.get<{ items: { sender: string; recipient: string }[] }>(path);
  return body.items.map((item) => [item.sender, item.recipient]);
}

describe('a Mexican number with the former 1 and without', () => {
  it.each([
    [OLD, NEW],
    [NEW, OLD],
  ])('is one recipient: STOP from %s counts for %s, and so does START', async (says, other) => {
    const test = await startTestService();
    await answers(test, says, 'STOP');
    for (const to of [says, other]) {
      await test.api.untilStatus(await test.api.send(hello(to, 'whatsapp')), 'failed');
      expect(await suppressed(test, to)).toEqual([[SENDER, NEW]]);
    }
    expect(await creations(test.simulator.url)).toEqual([]);
    await answers(test, other, 'START');
    expect(await suppressed(test, says)).toEqual([]);
    await test.api.untilStatus(await test.api.send(hello(says, 'whatsapp')), 'delivered');
  });

  it('is one recipient who is not on WhatsApp', async () => {
    const test = await startTestService();
    await handsOn(test).provider.fail(OLD, {
      fault: { kind: 'callback', status: 'undelivered', errorCode: 63003 },
      match: { channel: 'whatsapp' },
    });
    const bySms = async (to: string) => {
      const id = await test.api.send(hello(to, 'whatsapp', 'sms'));
      await test.api.until(id, ({ channel, status }) => channel === 'sms' && status === 'delivered');
    };
    for (const to of [OLD, OLD, NEW]) await bySms(to);
    const seen = (await creations(test.simulator.url)).map(({ to }) => to);
    expect(seen).toEqual([`whatsapp:${OLD}`, OLD, OLD, NEW]);
  });

  it('is sent to as it was given, in Mexico', async () => {
    const mexican = await startTestService({ ALLOWED_COUNTRIES: 'MX' });
    const { to } = await mexican.api.untilStatus(await mexican.api.send(hello(OLD, 'whatsapp')), 'delivered');
    expect(to).toBe(OLD);
    expect((await creations(mexican.simulator.url)).map((creation) => creation.to)).toEqual([`whatsapp:${OLD}`]);
    for (const wrong of ['+52155123456789', '+52551234567', `whatsapp:${OLD}`]) {
      expect((await mexican.api.post('/v1/notifications', hello(wrong, 'sms'))).status, wrong).toBe(400);
    }
    const german = await mexican.replica({ ALLOWED_COUNTRIES: 'DE' });
    const refused = await new ApiClient(german.url, ADMIN_KEY).post('/v1/notifications', hello(OLD, 'sms'));
    expect(refused).toMatchObject({ status: 422, body: { detail: expect.stringContaining('Recipients in MX') } });
  });
});
