import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_SID,
  AUTH_TOKEN,
  callbackReceiver,
  closedPort,
  FROM,
  testSimulator,
  TO,
  type CallbackReceiver,
} from './simulator.harness.js';

function statuses(receiver: CallbackReceiver): (string | undefined)[] {
  return receiver.received.map(({ params }) => params['MessageStatus']);
}

describe('the callbacks of a message', () => {
  it('tell every status in order with the parameters of an SMS', async () => {
    const simulator = await testSimulator({ stepMs: 40 });
    const receiver = await callbackReceiver();
    const { json } = await simulator.message({ StatusCallback: receiver.url });
    await expect.poll(() => statuses(receiver)).toEqual(['sending', 'sent', 'delivered']);
    expect(receiver.received[2]?.params).toEqual({
      MessageSid: json['sid'],
      SmsSid: json['sid'],
      MessageStatus: 'delivered',
      SmsStatus: 'delivered',
      AccountSid: ACCOUNT_SID,
      From: FROM,
      To: TO,
      ApiVersion: '2010-04-01',
      RawDlrDoneDate: expect.stringMatching(/^\d{10}$/),
    });
  });

  it('carry a signature over the whole URL but its fragment', async () => {
    const simulator = await testSimulator();
    const receiver = await callbackReceiver();
    const given = `${receiver.url}/callbacks/message/7?attempt=a%20b&n='1'`;
    await simulator.message({ StatusCallback: `${given}#rc=2&rp=all`, Body: 'Grüße' });
    await expect.poll(() => receiver.received.length).toBe(3);
    for (const { path, headers, params } of receiver.received) {
      expect(path).not.toContain('#');
      expect(validateRequest(AUTH_TOKEN, String(headers['x-twilio-signature']), given, params)).toBe(true);
      const forged = { ...params, MessageStatus: 'read' };
      expect(validateRequest(AUTH_TOKEN, String(headers['x-twilio-signature']), given, forged)).toBe(false);
    }
  });

  it('name the Messaging Service and pass through queued', async () => {
    const simulator = await testSimulator({ stepMs: 40 });
    const receiver = await callbackReceiver();
    const service = `MG${'0'.repeat(32)}`;
    await simulator.message({ From: '', MessagingServiceSid: service, StatusCallback: receiver.url });
    await expect.poll(() => statuses(receiver)).toEqual(['queued', 'sending', 'sent', 'delivered']);
    expect(receiver.received[0]?.params).toMatchObject({ MessagingServiceSid: service, From: FROM });
  });

  it('end with read on WhatsApp when receipts are on', async () => {
    const simulator = await testSimulator({ stepMs: 40, readReceipts: true });
    const receiver = await callbackReceiver();
    await simulator.whatsApp({ StatusCallback: receiver.url });
    await expect.poll(() => statuses(receiver)).toEqual(['sending', 'sent', 'delivered', 'read']);
    expect(receiver.received.map(({ params }) => params['EventType'])).toEqual([
      undefined,
      undefined,
      'DELIVERED',
      'READ',
    ]);
    expect(receiver.received[3]?.params).toMatchObject({
      ChannelPrefix: 'whatsapp',
      ChannelToAddress: `${TO.slice(0, -4)}XXXX`,
    });
  });

  it('tell why a WhatsApp message was not delivered', async () => {
    const simulator = await testSimulator({ stepMs: 40 });
    const receiver = await callbackReceiver();
    const { json } = await simulator.whatsApp({ To: 'whatsapp:+15005553016', StatusCallback: receiver.url });
    await expect.poll(() => statuses(receiver)).toEqual(['sending', 'sent', 'undelivered']);
    expect(receiver.received[1]?.params).not.toHaveProperty('ErrorCode');
    expect(receiver.received[2]?.params).toMatchObject({
      ErrorCode: '63016',
      EventType: 'UNDELIVERED',
      ChannelStatusMessage: expect.stringContaining('outside the allowed window'),
    });
    const fetched = await simulator.get(`/Messages/${String(json['sid'])}.json`);
    expect(fetched.json).toMatchObject({ status: 'undelivered', error_code: 63016 });
  });

  it.each([
    ['final' as const, ['delivered']],
    ['none' as const, []],
  ])('are only these when the simulator sends %s ones', async (callbacks, expected) => {
    const simulator = await testSimulator({ callbacks });
    const receiver = await callbackReceiver();
    const { json } = await simulator.message({ StatusCallback: receiver.url });
    const path = `/Messages/${String(json['sid'])}.json`;
    await expect.poll(async () => (await simulator.get(path)).json['status']).toBe('delivered');
    await expect
      .poll(async () => (await simulator.control('GET', '/stats')).json['callbacks'])
      .toMatchObject({ pending: 0 });
    expect(statuses(receiver)).toEqual(expected);
  });
});

describe('a callback that fails', () => {
  it('is tried again as often as the URL asks, with the same token', async () => {
    const simulator = await testSimulator({ callbacks: 'final' });
    const receiver = await callbackReceiver();
    receiver.statuses.push(503, 404, 500);
    await simulator.message({ StatusCallback: `${receiver.url}/cb#rc=3&rp=all` });
    await expect.poll(() => receiver.received.length).toBe(4);
    const tokens = receiver.received.map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(new Set(tokens).size).toBe(1);
    expect((await simulator.control('GET', '/stats')).json['callbacks']).toMatchObject({ delivered: 1, retried: 3 });
  });

  it.each([
    ['without overrides', '', 1],
    ['once its retries are spent', '#rc=1&rp=5xx', 2],
    ['with another kind of failure', '#rc=5&rp=4xx,ct', 1],
    ['with overrides out of bounds', '#rc=6&rp=ct', 1],
  ])('is given up %s', async (_when, fragment, tries) => {
    const simulator = await testSimulator({ callbacks: 'final' });
    const receiver = await callbackReceiver();
    receiver.statuses.push(503, 503, 503);
    await simulator.message({ StatusCallback: `${receiver.url}/cb${fragment}` });
    await expect
      .poll(async () => (await simulator.control('GET', '/stats')).json['callbacks'])
      .toMatchObject({ failed: 1, delivered: 0, pending: 0 });
    expect(receiver.received).toHaveLength(tries);
  });

  it('is tried once more when nothing listens, and harms nobody', async () => {
    const simulator = await testSimulator({ callbacks: 'final' });
    const deaf = `http://127.0.0.1:${await closedPort()}/cb`;
    for (let n = 0; n < 100; n += 1) await simulator.message({ StatusCallback: deaf });
    await expect
      .poll(async () => (await simulator.control('GET', '/stats')).json['callbacks'])
      .toMatchObject({ failed: 100, retried: 100, pending: 0 });
    expect((await simulator.message()).status).toBe(201);
  });
});
