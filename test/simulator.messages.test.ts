import { describe, expect, it } from 'vitest';
import { ACCOUNT_SID, AUTH_TOKEN, basic, FROM, testSimulator, TO, type Form } from './simulator.harness.js';
import { DEFAULT_OPTIONS } from '../src/simulator/simulator.options.js';

const RFC_2822 = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/;
const SERVICE = `MG${'0'.repeat(32)}`;
const CONTENT = `HX${'0'.repeat(32)}`;
const WHATSAPP_FROM = 'whatsapp:+14155238886';

describe('creating a message', () => {
  it('answers 201 with exactly the fields of the 2010 API', async () => {
    const simulator = await testSimulator({ stepMs: 1000 });
    const { status, json } = await simulator.message({ Body: 'Your code is 493021' });
    expect(status).toBe(201);
    const uri = `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages/${String(json['sid'])}`;
    expect(json).toEqual({
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      account_sid: ACCOUNT_SID,
      api_version: '2010-04-01',
      body: 'Your code is 493021',
      date_created: expect.stringMatching(RFC_2822),
      date_updated: expect.stringMatching(RFC_2822),
      date_sent: null,
      direction: 'outbound-api',
      error_code: null,
      error_message: null,
      from: FROM,
      messaging_service_sid: null,
      num_media: '0',
      num_segments: '1',
      price: null,
      price_unit: 'USD',
      status: 'queued',
      subresource_uris: { media: `${uri}/Media.json` },
      to: TO,
      uri: `${uri}.json`,
    });
  });

  it('answers with the headers that Twilio answers with', async () => {
    const simulator = await testSimulator();
    const { headers } = await simulator.message();
    expect(headers.get('twilio-request-id')).toMatch(/^RQ[0-9a-f]{32}$/);
    expect(headers.get('twilio-request-duration')).toMatch(/^\d+\.\d{3}$/);
    expect(headers.get('twilio-concurrent-requests')).toBe('1');
    expect(headers.get('x-home-region')).toBe('us1');
    expect(headers.get('x-api-domain')).toBe('api.twilio.com');
    expect(headers.get('content-type')).toContain('application/json');
  });

  it('counts media, gives an MM sid, and takes a message of media alone', async () => {
    const simulator = await testSimulator();
    const mediaUrls = ['https://example.com/1.png', 'https://example.com/2.png'];
    const { status, json } = await simulator.message({ Body: '', MediaUrl: mediaUrls });
    expect(status).toBe(201);
    expect(json).toMatchObject({ num_media: '2', body: '', sid: expect.stringMatching(/^MM[0-9a-f]{32}$/) });
  });

  it('accepts a Messaging Service and picks a sender afterwards', async () => {
    const simulator = await testSimulator();
    const { json } = await simulator.message({ From: '', MessagingServiceSid: SERVICE });
    expect(json).toMatchObject({ status: 'accepted', from: null, num_segments: '0', messaging_service_sid: SERVICE });
    await expect
      .poll(async () => (await simulator.get(`/Messages/${String(json['sid'])}.json`)).json)
      .toMatchObject({ status: 'delivered', from: FROM, num_segments: '1' });
  });

  it.each([
    ['a', '11'],
    ['👋', '48'],
  ])('keeps a body of 1600 times %s whole and counts its segments', async (character, segments) => {
    const simulator = await testSimulator();
    const body = character.repeat(1600);
    const { json } = await simulator.message({ Body: body });
    expect(json).toMatchObject({ body, num_segments: segments });
  });

  it.each([
    ['a'.repeat(160), '1'],
    ['a'.repeat(161), '2'],
    [`${'a'.repeat(159)}€`, '2'],
    ['Ж'.repeat(70), '1'],
    ['Ж'.repeat(71), '2'],
  ])('counts the segments of %s as %s', async (body, segments) => {
    const simulator = await testSimulator();
    expect((await simulator.message({ Body: body })).json['num_segments']).toBe(segments);
  });

  it('shows the sid and the values of content', async () => {
    const simulator = await testSimulator();
    const content = { Body: '', ContentSid: CONTENT, ContentVariables: '{"1":"493021","2":"Ada"}' };
    const { json } = await simulator.whatsApp(content);
    expect(json['body']).toBe(`Content ${CONTENT}: 493021 Ada`);
  });
});

describe('refusing a message', () => {
  const refusals: [string, Form, number][] = [
    ['no To', { To: '' }, 21604],
    ['no From and no Messaging Service', { From: '' }, 21603],
    ['no content', { Body: '' }, 21619],
    ['a body over 1600 characters', { Body: '👋'.repeat(1601) }, 21617],
    ['only To on WhatsApp', { To: `whatsapp:${TO}` }, 21910],
    ['only From on WhatsApp', { From: WHATSAPP_FROM }, 21910],
    ['a To that is no number', { To: '5551230001' }, 21211],
    ['a From that is no sender', { From: '+1' }, 21212],
    ['a StatusCallback that is no URL', { StatusCallback: 'callbacks/twilio' }, 21609],
    ['a StatusCallback host with an underscore', { StatusCallback: 'https://my_host.example.com/' }, 21609],
    ['ContentVariables that are no JSON', { ContentSid: CONTENT, ContentVariables: '1=493021' }, 21656],
    ['an empty content variable', { ContentSid: CONTENT, ContentVariables: '{"1":""}' }, 21656],
    ['a malformed ContentSid', { ContentSid: 'HX1' }, 21655],
    ['a media URL that is none', { MediaUrl: 'one.png' }, 21620],
    ['eleven media', { MediaUrl: Array.from({ length: 11 }, (_, n) => `https://example.com/${n}`) }, 21623],
    ['a schedule without a Messaging Service', { ScheduleType: 'fixed', SendAt: '2030-01-01T00:00:00Z' }, 35118],
    ['a schedule without a time', { ScheduleType: 'fixed', MessagingServiceSid: SERVICE }, 35111],
    [
      'a schedule in the past',
      { ScheduleType: 'fixed', MessagingServiceSid: SERVICE, SendAt: '2020-01-01T00:00:00Z' },
      35114,
    ],
    ['the test recipient that is invalid', { To: '+15005550001' }, 21211],
    ['the test recipient out of reach', { To: '+15005550002' }, 21612],
    ['the test recipient in a region without permission', { To: '+15005550003' }, 21408],
    ['the test recipient that opted out', { To: '+15005550004' }, 21610],
    ['the test recipient without a mobile', { To: '+15005550009' }, 21614],
    ['the test sender that is invalid', { From: '+15005550001' }, 21212],
    ['the test sender that is not owned', { From: '+15005550007' }, 21606],
  ];

  it.each(refusals)('refuses %s', async (_what, form, code) => {
    const simulator = await testSimulator();
    const { status, json } = await simulator.message(form);
    expect(status).toBe(400);
    expect(json).toEqual({
      code,
      status: 400,
      message: expect.any(String),
      more_info: `https://www.twilio.com/docs/errors/${code}`,
    });
    expect((await simulator.get('/Messages.json')).json['messages']).toEqual([]);
  });

  it('refuses the test sender with a full queue as a rate limit', async () => {
    const simulator = await testSimulator();
    const { status, json } = await simulator.message({ From: '+15005550008' });
    expect([status, json]).toMatchObject([429, { code: 21611, status: 429, message: 'SMS queue is full.' }]);
  });

  it('refuses a Messaging Service that does not exist', async () => {
    const simulator = await testSimulator();
    const { status, json } = await simulator.message({ From: '', MessagingServiceSid: 'MG1' });
    expect([status, json['code']]).toEqual([404, 21701]);
  });

  it('takes a JSON body for a request without parameters', async () => {
    const simulator = await testSimulator();
    const { json } = await simulator.message({}, { 'content-type': 'application/json' });
    expect(json['code']).toBe(21604);
  });

  it('owns only the test sender and the sandbox when senders are strict', async () => {
    const simulator = await testSimulator({ strictSenders: true });
    expect((await simulator.message()).status).toBe(201);
    expect((await simulator.whatsApp()).status).toBe(201);
    expect((await simulator.message({ From: '+15551239999' })).json['code']).toBe(21606);
    expect((await simulator.whatsApp({ From: 'whatsapp:+15551239999' })).json['code']).toBe(63007);
  });
});

describe('credentials', () => {
  it('answers 401 with 20003 and a challenge to wrong ones', async () => {
    const simulator = await testSimulator();
    const { status, json, headers } = await simulator.message({}, { authorization: basic(ACCOUNT_SID, 'wrong') });
    expect(status).toBe(401);
    expect(json).toMatchObject({ code: 20003, status: 401, message: 'Authenticate' });
    expect(headers.get('www-authenticate')).toBe('Basic realm="Twilio API"');
  });

  it('takes the API key', async () => {
    const simulator = await testSimulator();
    const key = basic(DEFAULT_OPTIONS.apiKeySid, DEFAULT_OPTIONS.apiKeySecret);
    expect((await simulator.message({}, { authorization: key })).status).toBe(201);
  });

  it('answers 404 with 20404 for another account and for an unknown path', async () => {
    const simulator = await testSimulator();
    const another = `/2010-04-01/Accounts/AC${'f'.repeat(32)}/Messages.json`;
    expect((await simulator.get(another)).json).toMatchObject({ code: 20404, status: 404 });
    expect((await simulator.get('/Nothing.json')).json).toMatchObject({ code: 20404, status: 404 });
  });

  it('takes the credentials it was started with', async () => {
    const simulator = await testSimulator({ authToken: 'another' });
    expect((await simulator.message()).status).toBe(401);
    expect((await simulator.message({}, { authorization: basic(ACCOUNT_SID, 'another') })).status).toBe(201);
    expect(AUTH_TOKEN).not.toBe('another');
  });
});

describe('a message afterwards', () => {
  it('is fetched by its sid, on its way to delivered', async () => {
    const simulator = await testSimulator();
    const { json } = await simulator.message();
    const path = `/Messages/${String(json['sid'])}.json`;
    await expect
      .poll(async () => (await simulator.get(path)).json)
      .toMatchObject({ status: 'delivered', date_sent: expect.stringMatching(RFC_2822) });
    expect((await simulator.get(`/Messages/SM${'0'.repeat(32)}.json`)).json).toMatchObject({ code: 20404 });
  });

  it('is canceled while it is scheduled, and only then', async () => {
    const simulator = await testSimulator();
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const schedule = { From: '', MessagingServiceSid: SERVICE, ScheduleType: 'fixed', SendAt: sendAt };
    const scheduled = await simulator.message(schedule);
    expect(scheduled.json['status']).toBe('scheduled');
    const canceled = await simulator.post(`/Messages/${String(scheduled.json['sid'])}.json`, { Status: 'canceled' });
    expect([canceled.status, canceled.json['status']]).toEqual([200, 'canceled']);

    const queued = await simulator.message();
    const late = await simulator.post(`/Messages/${String(queued.json['sid'])}.json`, { Status: 'canceled' });
    expect([late.status, late.json['code']]).toEqual([400, 30409]);
  });

  it('loses its body when it is redacted', async () => {
    const simulator = await testSimulator();
    const path = `/Messages/${String((await simulator.message()).json['sid'])}.json`;
    expect((await simulator.post(path, { Body: '' })).json['body']).toBe('');
    expect((await simulator.get(path)).json['body']).toBe('');
    expect((await simulator.post(path, { Body: 'changed' })).status).toBe(400);
  });
});
