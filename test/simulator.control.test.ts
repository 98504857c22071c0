import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { AUTH_TOKEN, callbackReceiver, closedPort, FROM, testSimulator, TO } from './simulator.harness.js';

describe('what was received', () => {
  it('is shown with its parameters and its idempotency key, but without credentials', async () => {
    const simulator = await testSimulator();
    const mediaUrls = ['https://example.com/1.png', 'https://example.com/2.png'];
    await simulator.message({ MediaUrl: mediaUrls }, { 'idempotency-key': 'delivery-7' });
    await simulator.message({ To: '' });
    await simulator.call();

    const { json } = await simulator.control('GET', `/requests?to=${encodeURIComponent(TO)}`);
    expect(json).toMatchObject({
      count: 2,
      received: 3,
      requests: [
        {
          at: expect.stringMatching(/Z$/),
          method: 'POST',
          path: expect.stringMatching(/\/Messages\.json$/),
          params: { To: TO, From: FROM, Body: 'Hello', MediaUrl: mediaUrls },
          headers: { 'idempotency-key': 'delivery-7' },
        },
        { path: expect.stringMatching(/\/Calls\.json$/) },
      ],
    });
    expect(JSON.stringify(json)).not.toContain('authorization');

    await simulator.control('DELETE', '/requests');
    expect((await simulator.control('GET', '/requests')).json).toMatchObject({ count: 0, received: 0 });
  });

  it('is counted on WhatsApp too, and forgotten from the oldest', async () => {
    const simulator = await testSimulator({ keepRequests: 2 });
    for (const body of ['1', '2']) await simulator.message({ Body: body });
    await simulator.whatsApp({ Body: '3' });
    const { json } = await simulator.control('GET', `/requests?to=${encodeURIComponent(TO)}`);
    expect(json).toMatchObject({
      count: 2,
      received: 3,
      requests: [{ params: { Body: '2' } }, { params: { Body: '3' } }],
    });
  });

  it('and accepted is shown with its callback and its key', async () => {
    const simulator = await testSimulator();
    const callback = 'http://127.0.0.1:9/cb#rc=0';
    await simulator.message({ StatusCallback: callback }, { 'idempotency-key': 'delivery-8' });
    const { json } = await simulator.control('GET', `/messages?to=${encodeURIComponent(TO)}`);
    expect(json).toMatchObject({
      count: 1,
      accepted: 1,
      messages: [{ body: 'Hello', status_callback: callback, idempotency_key: 'delivery-8' }],
    });
    await simulator.call({ Twiml: '<Response><Say>Hi</Say></Response>' });
    expect((await simulator.control('GET', '/calls')).json).toMatchObject({
      count: 1,
      calls: [{ twiml: '<Response><Say>Hi</Say></Response>' }],
    });
  });
});

describe('an inbound message', () => {
  it('reaches the webhook with a signature', async () => {
    const simulator = await testSimulator();
    const receiver = await callbackReceiver();
    const url = `${receiver.url}/inbound?tenant=1`;
    const { status, json } = await simulator.control('POST', '/inbound', { from: TO, to: FROM, body: 'Stop ', url });
    expect([status, json['status']]).toEqual([200, 204]);
    expect(receiver.received).toHaveLength(1);
    const [callback] = receiver.received;
    const params = callback?.params ?? {};
    expect(params).toMatchObject({ From: TO, To: FROM, Body: 'Stop ', OptOutType: 'STOP', MessageSid: json['sid'] });
    expect(params).toMatchObject({ FromCity: '', FromCountry: 'US', ToZip: '' });
    expect(validateRequest(AUTH_TOKEN, String(callback?.headers['x-twilio-signature']), url, params)).toBe(true);
  });

  it('of STOP has further messages of that sender refused, until START', async () => {
    const simulator = await testSimulator();
    const { url } = await callbackReceiver();
    await simulator.control('POST', '/inbound', { from: TO, to: FROM, body: 'STOP', url });
    expect((await simulator.message()).json['code']).toBe(21610);
    expect((await simulator.message({ From: '+15551239999' })).status).toBe(201);
    expect((await simulator.whatsApp()).status).toBe(201);
    await simulator.control('POST', '/inbound', { from: TO, to: FROM, body: 'START', url });
    expect((await simulator.message()).status).toBe(201);
  });

  it('says when the webhook does not answer', async () => {
    const simulator = await testSimulator();
    const url = `http://127.0.0.1:${await closedPort()}/`;
    const { status, json } = await simulator.control('POST', '/inbound', { from: TO, to: FROM, body: 'Hi', url });
    expect([status, json['error']]).toEqual([502, expect.stringContaining('did not answer')]);
  });
});

describe('the status page', () => {
  it('shows that all is well, and whatever it is told instead', async () => {
    const simulator = await testSimulator();
    const summary = '/status/api/v2/summary.json';
    expect((await simulator.control('GET', summary)).json).toMatchObject({
      page: { id: 'gpkpyklzq55q' },
      status: { indicator: 'none', description: 'All Systems Operational' },
      incidents: [],
      scheduled_maintenances: [],
    });
    await simulator.control('PUT', '/status', {
      indicator: 'major',
      components: [{ name: 'WhatsApp', status: 'major_outage' }],
      incidents: [{ name: 'WhatsApp messages are delayed', body: 'We are looking into it.' }],
    });
    expect((await simulator.control('GET', summary)).json).toMatchObject({
      status: { indicator: 'major', description: 'Partial System Outage' },
      components: expect.arrayContaining([expect.objectContaining({ name: 'WhatsApp', status: 'major_outage' })]),
      incidents: [
        {
          name: 'WhatsApp messages are delayed',
          status: 'investigating',
          resolved_at: null,
          incident_updates: [{ body: 'We are looking into it.', affected_components: null }],
        },
      ],
    });
    expect((await simulator.control('PUT', '/status', { indicator: 'purple' })).status).toBe(400);
  });
});

it('a reset forgets everything, and what was still to come', async () => {
  const simulator = await testSimulator({ stepMs: 50 });
  const receiver = await callbackReceiver();
  await simulator.control('PUT', '/faults/*', { times: 1, fault: { kind: 'callbacks', mode: 'repeated' } });
  await simulator.control('PUT', '/status', { indicator: 'minor' });
  await simulator.control('POST', '/inbound', { from: TO, to: '+15551239999', body: 'STOP', url: receiver.url });
  await simulator.message({ StatusCallback: receiver.url });
  await simulator.control('POST', '/reset');

  expect((await simulator.control('GET', '/stats')).json).toMatchObject({
    received: 0,
    messages: { accepted: 0, kept: 0 },
    statuses: { pending: 0 },
    callbacks: { delivered: 0, failed: 0, retried: 0, dropped: 0 },
  });
  expect((await simulator.control('GET', '/faults')).json).toEqual({});
  expect((await simulator.control('GET', '/status/api/v2/summary.json')).json).toMatchObject({
    status: { indicator: 'none' },
  });
  const next = await simulator.message({ From: '+15551239999', StatusCallback: receiver.url });
  await expect.poll(() => receiver.received.length).toBe(4);
  const sids = receiver.received.slice(1).map(({ params }) => params['MessageSid']);
  expect(new Set(sids)).toEqual(new Set([next.json['sid']]));
});

it('a reset gives up the callbacks that would be tried again', async () => {
  const simulator = await testSimulator({ callbackRetryMs: 15_000 });
  const url = `http://127.0.0.1:${await closedPort()}/`;
  const inbound = simulator.control('POST', '/inbound', { from: TO, to: FROM, body: 'Hi', url });
  await expect
    .poll(async () => (await simulator.control('GET', '/stats')).json['callbacks'])
    .toMatchObject({ retried: 1 });
  await simulator.control('POST', '/reset');
  expect((await inbound).status).toBe(502);
});

it('a reset gives up the callback that is on its way', async () => {
  const simulator = await testSimulator({ callbacks: 'final' });
  const receiver = await callbackReceiver();
  const { promise, resolve: answer } = Promise.withResolvers<void>();
  receiver.answersAfter = promise;
  receiver.statuses.push(503);
  await simulator.message({ StatusCallback: `${receiver.url}/#rc=1&rp=5xx` });
  await expect.poll(() => receiver.received.length).toBe(1);
  await simulator.control('POST', '/reset');
  answer();
  await expect
    .poll(async () => (await simulator.control('GET', '/stats')).json['callbacks'])
    .toEqual({ delivered: 0, failed: 0, retried: 0, dropped: 0, pending: 0 });
  expect(receiver.received).toHaveLength(1);
});
