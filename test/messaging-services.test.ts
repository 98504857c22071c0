import { describe, expect, it } from 'vitest';
import { Provider, shareTestService, UNDER_WAY } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const SERVICE = `MG${'0'.repeat(32)}`;
/** What the service picks of its pool. */
const POOL_NUMBER = '+15005550006';

const shared = shareTestService({ TWILIO_SMS_FROM: SERVICE }, UNDER_WAY);

const sms = (to: string) => ({ to, channels: ['sms'], body: 'Hello' });

describe('a Messaging Service as the sender', () => {
  it('is named as such, and is what the delivery is from', async () => {
    const { api, simulator } = shared();
    const to = '+15551240001';
    const { deliveries } = await api.untilStatus(await api.send(sms(to)), 'sent');
    expect(deliveries).toMatchObject([{ from: SERVICE }]);
    const [created] = await new Provider(simulator.url).creates(to);
    expect(created?.params).toMatchObject({ To: to, MessagingServiceSid: SERVICE });
    expect(created?.params).not.toHaveProperty('From');
  });

  it('does not hide from the list what it sent by one of its numbers', async () => {
    const { api, simulator } = shared();
    const provider = new Provider(simulator.url);
    const to = '+15551240002';
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
    ]);
    const sent = await api.untilStatus(await api.send(sms(to)), 'sent');
    expect(sent.deliveries[0]?.attempts).toMatchObject([{ outcome: 'accepted' }]);
    expect(await provider.creates(to)).toHaveLength(1);
    const looks = (await provider.requests(to)).filter(({ method }) => method === 'GET');
    expect(looks.length).toBeGreaterThan(0);
    for (const look of looks) expect(look.params).not.toHaveProperty('From');
  });

  it('is what a recipient opts out of who answers STOP to one of its numbers, and in to with START', async () => {
    const { api, simulator } = shared();
    const to = '+15551240003';
    const inbound = async (body: string) => {
      const params = { From: to, To: POOL_NUMBER, Body: body, MessagingServiceSid: SERVICE };
      const answer = await new TwilioCallback(shared()).post('/callbacks/twilio/inbound', params);
      expect(answer.status).toBe(204);
    };
    await inbound('STOP');
    const suppressed = await api.untilStatus(await api.send(sms(to)), 'failed', 'sent');
    expect(suppressed).toMatchObject({ status: 'failed', deadLetter: null });
    expect(await new Provider(simulator.url).creates(to)).toEqual([]);
    const optedOutOf = async () => {
      const path = `/v1/admin/suppressions?recipient=${encodeURIComponent(to)}`;
      return (await api.get<{ items: { sender: string }[] }>(path)).body.items.map(({ sender }) => sender).toSorted();
    };
    expect(await optedOutOf()).toEqual([POOL_NUMBER, SERVICE].toSorted());
    await inbound('START');
    expect(await optedOutOf()).toEqual([]);
    await api.untilStatus(await api.send(sms(to)), 'sent');
  });
});
