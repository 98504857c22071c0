import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { ACCOUNT_SID, AUTH_TOKEN, callbackReceiver, FROM, testSimulator, TO, type Form } from './simulator.harness.js';

const RFC_2822 = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000$/;

describe('creating a call', () => {
  it('answers 201 with exactly the fields of the 2010 API', async () => {
    const simulator = await testSimulator({ stepMs: 1000 });
    const { status, json } = await simulator.call();
    expect(status).toBe(201);
    expect(json).toEqual({
      sid: expect.stringMatching(/^CA[0-9a-f]{32}$/),
      account_sid: ACCOUNT_SID,
      annotation: null,
      answered_by: null,
      api_version: '2010-04-01',
      caller_name: null,
      date_created: null,
      date_updated: null,
      direction: 'outbound-api',
      duration: null,
      end_time: null,
      forwarded_from: null,
      from: FROM,
      from_formatted: '(500) 555-0006',
      group_sid: null,
      parent_call_sid: null,
      phone_number_sid: null,
      price: null,
      price_unit: 'USD',
      queue_time: '0',
      start_time: null,
      status: 'queued',
      subresource_uris: expect.objectContaining({
        recordings: `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${String(json['sid'])}/Recordings.json`,
      }),
      to: TO,
      to_formatted: '(555) 123-0001',
      trunk_sid: null,
      uri: `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${String(json['sid'])}.json`,
    });
  });

  const refusals: [string, Form, number][] = [
    ['no To', { To: '' }, 21201],
    ['no From', { From: '' }, 21213],
    ['neither Url nor Twiml', { Twiml: '' }, 21205],
    ['a Url that is none', { Twiml: '', Url: 'voice.xml' }, 21205],
    ['a StatusCallback that is no URL', { StatusCallback: '/callbacks' }, 21609],
    ['an unknown event', { StatusCallbackEvent: ['ringing', 'sung'] }, 21626],
    ['a To that is no number', { To: '555' }, 21211],
    ['a From that is no number', { From: 'Ada' }, 21212],
    ['the test caller that is invalid', { From: '+15005550001' }, 21212],
    ['the test recipient that is invalid', { To: '+15005550001' }, 21217],
    ['the test recipient out of reach', { To: '+15005550002' }, 21214],
    ['the test recipient in a region without permission', { To: '+15005550003' }, 21215],
    ['the test recipient that is blocked', { To: '+15005550004' }, 21216],
  ];

  it.each(refusals)('refuses %s', async (_what, form, code) => {
    const simulator = await testSimulator();
    const { status, json } = await simulator.call(form);
    expect([status, json['code']]).toEqual([400, code]);
  });

  it('refuses every caller but the test sender when senders are strict', async () => {
    const simulator = await testSimulator({ strictSenders: true });
    expect((await simulator.call()).status).toBe(201);
    expect((await simulator.call({ From: '+15551239999' })).json['code']).toBe(21210);
  });
});

describe('a call afterwards', () => {
  it('rings, is answered and ends with a duration', async () => {
    const simulator = await testSimulator();
    const path = `/Calls/${String((await simulator.call()).json['sid'])}.json`;
    await expect
      .poll(async () => (await simulator.get(path)).json)
      .toMatchObject({
        status: 'completed',
        duration: '1',
        date_created: expect.stringMatching(RFC_2822),
        date_updated: expect.stringMatching(RFC_2822),
        start_time: expect.stringMatching(RFC_2822),
        end_time: expect.stringMatching(RFC_2822),
      });
    expect((await simulator.get(`/Calls/CA${'0'.repeat(32)}.json`)).json).toMatchObject({ code: 20404, status: 404 });
  });

  it('calls back only its end unless other events are asked for', async () => {
    const simulator = await testSimulator();
    const receiver = await callbackReceiver();
    const { json } = await simulator.call({ StatusCallback: receiver.url });
    await expect.poll(() => receiver.received.length).toBe(1);
    expect(receiver.received[0]?.params).toEqual({
      CallSid: json['sid'],
      CallStatus: 'completed',
      AccountSid: ACCOUNT_SID,
      From: FROM,
      To: TO,
      Caller: FROM,
      Called: TO,
      Direction: 'outbound-api',
      ApiVersion: '2010-04-01',
      CallbackSource: 'call-progress-events',
      SequenceNumber: '0',
      Timestamp: expect.stringMatching(RFC_2822),
      CallDuration: '1',
      Duration: '1',
      SipResponseCode: '200',
      ...Object.fromEntries(
        ['Caller', 'From', 'Called', 'To'].flatMap((party) => [
          [`${party}City`, ''],
          [`${party}State`, ''],
          [`${party}Zip`, ''],
          [`${party}Country`, 'US'],
        ]),
      ),
    });
  });

  it('signs empty parameters, too, and writes a blank as a plus', async () => {
    const simulator = await testSimulator();
    const receiver = await callbackReceiver();
    await simulator.call({ StatusCallback: receiver.url });
    await expect.poll(() => receiver.received.length).toBe(1);
    const [callback] = receiver.received;
    expect(callback?.body).toContain('&FromCity=&');
    expect(callback?.body).toMatch(/&Timestamp=\w{3}%2C\+\d{2}\+\w{3}\+/);
    const signature = String(callback?.headers['x-twilio-signature']);
    expect(validateRequest(AUTH_TOKEN, signature, receiver.url, callback?.params ?? {})).toBe(true);
  });

  it.each([
    ['repeated', ['initiated', 'ringing', 'answered', 'completed']],
    ['in one value', 'initiated ringing answered completed'],
  ])('calls back every event that is asked for, %s, numbered in order', async (_how, events) => {
    const simulator = await testSimulator({ stepMs: 40 });
    const receiver = await callbackReceiver();
    await simulator.call({ StatusCallback: receiver.url, StatusCallbackEvent: events });
    await expect.poll(() => receiver.received.length).toBe(4);
    const told = receiver.received.map(({ params }) => `${params['SequenceNumber']} ${params['CallStatus']}`);
    expect(told).toEqual(['0 initiated', '1 ringing', '2 in-progress', '3 completed']);
  });

  it.each([
    ['+15005554486', 'busy', '486'],
    ['+15005554480', 'no-answer', '480'],
    ['+15005554404', 'failed', '404'],
  ])('to %s ends as %s, with SIP status %s', async (to, ending, sipStatus) => {
    const simulator = await testSimulator();
    const receiver = await callbackReceiver();
    await simulator.call({ To: to, StatusCallback: receiver.url });
    await expect.poll(() => receiver.received.length).toBe(1);
    expect(receiver.received[0]?.params).toMatchObject({
      CallStatus: ending,
      CallDuration: '0',
      SipResponseCode: sipStatus,
    });
    expect((await simulator.message({ To: to })).status).toBe(201);
  });
});
