import { describe, expect, it } from 'vitest';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { ADMIN_KEY, ApiClient, Provider, shareTestService } from './support/service.js';

/** The address that Twilio knows; a proxy there passes on to this process what comes below it. */
const PUBLIC = 'https://postrider.example/notify';
const service = shareTestService({ PUBLIC_URL: `${PUBLIC}/` }, { callbacks: 'none' });
const here = () => `http://127.0.0.1:${service().configuration.env.PORT}`;

let numbers = 0;

async function sent(channel: 'sms' | 'whatsapp') {
  const to = `+1555125${String((numbers += 1)).padStart(4, '0')}`;
  const api = new ApiClient(here(), ADMIN_KEY);
  const id = await api.send({ to, channels: [channel], body: 'Hello' });
  const { deliveries } = await api.untilStatus(id, 'sent');
  const attemptId = deliveries[0]?.attempts[0]?.id ?? '';
  return { api, id, to, sid: deliveries[0]?.providerSid ?? '', path: `/callbacks/twilio/message/${attemptId}` };
}

/** Posts to this process what Twilio signed for another address. */
async function post(path: string, params: Record<string, string>, signedFor: string): Promise<number> {
  const { authToken } = service().configuration.twilio;
  const answer = await fetch(here() + path, {
    method: 'POST',
    headers: { 'x-twilio-signature': getExpectedTwilioSignature(authToken, signedFor, params) },
    body: new URLSearchParams(params),
  });
  return answer.status;
}

describe('the address of a callback', () => {
  it('is below PUBLIC_URL, whether that ends with a slash or not', async () => {
    const { to, path } = await sent('sms');
    const [create] = await new Provider(service().simulator.url).creates(to);
    expect(create?.params['StatusCallback']).toBe(PUBLIC + path);
  });

  it('is signed with its query, and not this process but Twilio says which it was', async () => {
    const { api, id, sid, path } = await sent('sms');
    const asked = `${path}?bodySHA256=5f&foo=b%20ar`;
    const params = { MessageSid: sid, MessageStatus: 'delivered' };
    for (const signedFor of [PUBLIC + path, here() + asked, `${PUBLIC}${path}?foo=1`]) {
      expect(await post(asked, params, signedFor), signedFor).toBe(403);
    }
    expect((await api.untilStatus(id, 'sent')).deliveries[0]?.callbacks).toEqual([]);
    expect(await post(asked, params, PUBLIC + asked)).toBe(204);
    await api.untilStatus(id, 'delivered');
  });
});

it.each([
  [{ ErrorMessage: 'Outside the window' }, 'Outside the window'],
  [{ ChannelStatusMessage: 'Re-engagement message' }, 'Re-engagement message'],
  [{ ErrorMessage: 'Outside the window', ChannelStatusMessage: 'Re-engagement message' }, 'Outside the window'],
  [{}, null],
])('the failure history keeps of %j what the provider said', async (said, kept) => {
  const { api, to, sid, path } = await sent('whatsapp');
  const params = { MessageSid: sid, MessageStatus: 'undelivered', ErrorCode: '63016', ...said };
  expect(await post(path, params, PUBLIC + path)).toBe(204);
  const { body } = await api.get<{ items: object[] }>(`/v1/admin/failures?to=${encodeURIComponent(to)}`);
  expect(body.items).toMatchObject([{ providerCode: 63016, providerMessage: kept }]);
});
