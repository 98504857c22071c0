import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ACCOUNT_SID,
  CREATED,
  IDS,
  MESSAGE,
  MESSAGE_FORM,
  MESSAGE_SID,
  providerErrorOf,
  startClient,
  startWired,
} from './twilio.setup.js';
import { encodeForm } from '../src/twilio/twilio.requests.js';
import { inTurn, reply, startWire } from './twilio.wire.js';

const CALL_SID = `CA${'2'.repeat(32)}`;

describe('creating', () => {
  it('sends a message as exactly these bytes', async () => {
    const { client, wire } = await startWired(reply(201, CREATED, { 'Twilio-Request-Id': 'RQ1' }));
    const accepted = await client.create(
      'message',
      encodeForm({
        To: 'whatsapp:+15551230001',
        From: 'whatsapp:+14155238886',
        MessagingServiceSid: undefined,
        Body: 'Zürich & 100% + more',
        MediaUrl: ['https://a.example/1.png?x=1&y=2', 'https://a.example/2.png'],
        ContentVariables: '{"1":"493021"}',
        StatusCallback: 'https://p.example/callbacks/twilio/message/1#rc=5&rp=all',
        ValidityPeriod: 600,
      }),
      IDS,
    );
    expect(accepted).toEqual({ sid: MESSAGE_SID, requestId: 'RQ1', httpStatus: 201 });
    expect(wire.requests[0]).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`,
    });
    expect(wire.requests[0]?.body).toBe(
      [
        'To=whatsapp%3A%2B15551230001',
        'From=whatsapp%3A%2B14155238886',
        'Body=Z%C3%BCrich%20%26%20100%25%20%2B%20more',
        'MediaUrl=https%3A%2F%2Fa.example%2F1.png%3Fx%3D1%26y%3D2',
        'MediaUrl=https%3A%2F%2Fa.example%2F2.png',
        'ContentVariables=%7B%221%22%3A%22493021%22%7D',
        'StatusCallback=https%3A%2F%2Fp.example%2Fcallbacks%2Ftwilio%2Fmessage%2F1%23rc%3D5%26rp%3Dall',
        'ValidityPeriod=600',
      ].join('&'),
    );
  });

  it('takes a sid that no database could hold for one that it can', async () => {
    const { client } = await startWired(reply(201, '{"sid":"SM\\u0000\\ud83d","status":"queued"}'));
    expect(await client.create('message', MESSAGE_FORM, IDS)).toMatchObject({ sid: 'SM\ufffd\ufffd' });
    const list = await startWired(reply(200, { messages: [{ ...message(1, 0), sid: 'SM\0\ud83d' }] }));
    const { items } = await list.client.list('message', { to: MESSAGE.To, createdSince: new Date(0) });
    expect(items).toMatchObject([{ sid: 'SM\ufffd\ufffd' }]);
  });

  it('sends a call as exactly these bytes', async () => {
    const { client, wire } = await startWired(reply(201, { sid: CALL_SID, status: 'queued' }));
    const accepted = await client.create(
      'call',
      encodeForm({
        To: '+15551230001',
        From: '+15005550006',
        Twiml: '<Response><Say>4 9</Say></Response>',
        StatusCallback: 'https://p.example/c',
        StatusCallbackEvent: ['initiated', 'completed'],
      }),
      IDS,
    );
    expect(accepted).toEqual({ sid: CALL_SID, requestId: null, httpStatus: 201 });
    expect(wire.requests[0]?.path).toBe(`/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json`);
    expect(wire.requests[0]?.body).toBe(
      'To=%2B15551230001&From=%2B15005550006&Twiml=%3CResponse%3E%3CSay%3E4%209%3C%2FSay%3E%3C%2FResponse%3E' +
        '&StatusCallback=https%3A%2F%2Fp.example%2Fc&StatusCallbackEvent=initiated&StatusCallbackEvent=completed',
    );
  });

  it('sends these headers and no others', async () => {
    const { client, wire } = await startWired(reply(201, CREATED));
    await client.create('message', MESSAGE_FORM, IDS);
    const { host, 'user-agent': agent, ...headers } = wire.requests[0]?.headers ?? {};
    expect(`http://${host}`).toBe(wire.url);
    expect(agent).toMatch(/^postrider\/\d+\.\d+\.\d+/);
    expect(headers).toEqual({
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(`${ACCOUNT_SID}:token-of-the-account`).toString('base64')}`,
      connection: 'keep-alive',
      'content-length': '68',
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': IDS.deliveryId,
      'x-request-id': IDS.attemptId,
    });
  });

  it('reads a header that came twice as one value', async () => {
    const { client } = await startWired(
      reply(201, CREATED, { 'Twilio-Request-Id': 'RQ1', 'twilio-request-id': 'RQ2' }),
    );
    expect(await client.create('message', MESSAGE_FORM, IDS)).toMatchObject({ requestId: 'RQ1, RQ2' });
  });

  it('signs in with the API key where there is one, with the account still in the path', async () => {
    const { client, wire } = await startWired(reply(201, CREATED), { apiKey: { sid: 'SK1', secret: 'secret' } });
    await client.create('message', MESSAGE_FORM, IDS);
    expect(wire.requests[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('SK1:secret').toString('base64')}`);
    expect(wire.requests[0]?.path).toContain(ACCOUNT_SID);
  });

  it('keeps its connections', async () => {
    const { client, wire } = await startWired(reply(201, CREATED));
    for (let sent = 0; sent < 5; sent += 1) await client.create('message', MESSAGE_FORM, IDS);
    expect(wire.requests).toHaveLength(5);
    // Two: undici lets one event loop cycle pass before it uses a connection again, and these follow on each other.
    expect(wire.connections.length).toBeLessThanOrEqual(2);
  });

  it('closes its connections with the application', async () => {
    const wire = await startWire(reply(201, CREATED));
    onTestFinished(() => wire.close());
    const { client, module } = await startClient({ baseUrl: wire.url });
    await client.create('message', MESSAGE_FORM, IDS);
    await module.close();
    await expect.poll(() => wire.connections[0]?.destroyed).toBe(true);
  });
});

function message(number: number, secondsAgo: number) {
  const at = new Date(Date.UTC(2026, 10, 22, 9, 0, 0) - secondsAgo * 1000);
  return {
    sid: `SM${number}`,
    to: '+15551230001',
    from: '+15005550006',
    body: `text ${number}`,
    status: 'failed',
    direction: 'outbound-api',
    date_created: at.toUTCString().replace('GMT', '+0000'),
    date_sent: null,
    messaging_service_sid: `MG${'0'.repeat(32)}`,
    error_code: 30003,
  };
}

describe('listing', () => {
  const query = { to: '+15551230001', createdSince: new Date('2026-11-22T08:59:00.900Z') };

  it('follows the pages until one holds nothing recent, and leaves out what is older', async () => {
    const next = `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json?To=%2B15551230001&PageSize=50&Page=1&PageToken=P`;
    const { client, wire } = await startWired(
      inTurn(
        reply(200, { messages: [message(1, 0), message(2, 99), message(3, 60)], next_page_uri: `${next}1` }),
        reply(200, { messages: [message(4, 50)], next_page_uri: `${next}2` }),
        reply(200, { messages: [message(5, 61)], next_page_uri: `${next}3` }),
      ),
    );
    const { items, complete } = await client.list('message', { ...query, from: '+15005550006' });
    expect(complete).toBe(true);
    expect(items.map(({ sid }) => sid)).toEqual(['SM1', 'SM3', 'SM4']);
    expect(items[0]).toEqual({
      sid: 'SM1',
      to: '+15551230001',
      from: '+15005550006',
      messagingServiceSid: `MG${'0'.repeat(32)}`,
      body: 'text 1',
      status: 'failed',
      direction: 'outbound-api',
      dateCreated: new Date('2026-11-22T09:00:00Z'),
      errorCode: 30003,
      errorMessage: null,
    });
    expect(wire.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json?To=%2B15551230001&From=%2B15005550006&PageSize=50`,
      `GET ${next}1`,
      `GET ${next}2`,
    ]);
  });

  it('says that it did not see everything when there are too many pages', async () => {
    const page = { messages: [message(1, 0)], next_page_uri: '/2010-04-01/more' };
    const { client, wire } = await startWired(reply(200, page));
    const { items, complete } = await client.list('message', query);
    expect({ complete, found: items.length, pages: wire.requests.length }).toEqual({
      complete: false,
      found: 10,
      pages: 10,
    });
  });

  it('keeps the path prefix of the base url on every page', async () => {
    const { client, wire } = await startWired(
      inTurn(
        reply(200, { messages: [message(1, 0)], next_page_uri: '/2010-04-01/more' }),
        reply(200, { messages: [], next_page_uri: null }),
      ),
      {},
      '/twilio',
    );
    await client.list('message', query);
    expect(wire.requests[1]?.path).toBe('/twilio/2010-04-01/more');
  });

  it('reads calls', async () => {
    const { body: _body, error_code: _code, ...call } = message(7, 0);
    const { client, wire } = await startWired(reply(200, { calls: [call], next_page_uri: null }));
    const { items } = await client.list('call', query);
    expect(items).toMatchObject([{ sid: 'SM7', body: null, errorCode: null }]);
    expect(wire.requests[0]?.path).toBe(`/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json?To=%2B15551230001&PageSize=50`);
  });

  it('takes a call that has no time yet, since it still waits to be dialled, for a recent one', async () => {
    const { body: _body, error_code: _code, ...call } = message(7, 0);
    const calls = [
      { ...call, status: 'queued', date_created: null },
      { ...call, sid: 'CA8' },
    ];
    const { client } = await startWired(reply(200, { calls, next_page_uri: null }));
    const { items, complete } = await client.list('call', query);
    expect(complete).toBe(true);
    expect(items.map(({ sid, dateCreated }) => [sid, dateCreated])).toEqual([
      ['SM7', null],
      ['CA8', new Date('2026-11-22T09:00:00Z')],
    ]);
  });

  it.each<[string, unknown]>([
    ['no list', { sid: 'SM1' }],
    ['a record without a sid', { messages: [{ ...message(1, 0), sid: '' }] }],
    ['a time that is none', { messages: [{ ...message(1, 0), date_created: 'today' }] }],
    ['a next page elsewhere', { messages: [message(1, 0)], next_page_uri: 'https://elsewhere.invalid/' }],
  ])('is a ProviderError, and no empty list, when the answer holds %s', async (_, body) => {
    const { client } = await startWired(reply(200, body));
    const error = await providerErrorOf(client.list('message', query));
    expect(error).toMatchObject({ httpStatus: 200, errorClass: 'provider_fault' });
  });
});

describe('fetching', () => {
  it('reads one message and one call', async () => {
    const { client, wire } = await startWired(
      reply(200, { ...message(1, 0), error_code: 30005, error_message: 'Unknown' }),
    );
    const expected = { sid: 'SM1', status: 'failed', errorCode: 30005, errorMessage: 'Unknown' };
    expect(await client.fetch('message', MESSAGE_SID)).toMatchObject(expected);
    expect(await client.fetch('call', 'CA/../1')).toMatchObject({ sid: 'SM1' });
    expect(wire.requests.map(({ path }) => path)).toEqual([
      `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages/${MESSAGE_SID}.json`,
      `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/CA%2F..%2F1.json`,
    ]);
  });

  it('says so when Twilio does not know it, or answers something else', async () => {
    const { client } = await startWired(
      inTurn(reply(404, { code: 20404, message: 'not found' }), reply(200, { sid: '' })),
    );
    expect(await providerErrorOf(client.fetch('message', MESSAGE_SID))).toMatchObject({ errorClass: 'not_found' });
    expect(await providerErrorOf(client.fetch('message', MESSAGE_SID))).toMatchObject({ errorClass: 'provider_fault' });
  });
});
