import { isAxiosError } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Failure } from '../src/policy/failure.js';
import { errorOn, hang, twilioBody } from './twilio.errors.setup.js';
import { CREATED, IDS, MESSAGE_FORM, MESSAGE_SID, providerErrorOf, startClient, startWired } from './twilio.setup.js';
import { reply, response, type Script } from './twilio.wire.js';

type Expected = Pick<Failure, 'outcome' | 'httpStatus' | 'providerCode' | 'retryAfterMs'> & {
  errorClass: string;
  networkFailure: string | null;
};
const expected = (
  outcome: Failure['outcome'],
  httpStatus: number | null,
  errorClass: string,
  more: Partial<Expected> = {},
): Expected => ({
  outcome,
  httpStatus,
  errorClass,
  providerCode: null,
  retryAfterMs: null,
  networkFailure: null,
  ...more,
});

const provider = 'provider_fault';
const FAILURES: [string, Script, Expected][] = [
  ['301', reply(301, '', { Location: '/' }), expected('rejected', 301, 'invalid_request')],
  [
    '400 with a code',
    reply(400, twilioBody(400, 21211)),
    expected('rejected', 400, 'recipient_unreachable', { providerCode: 21211 }),
  ],
  [
    '400 with a code in digits',
    reply(400, twilioBody(400, '21610')),
    expected('rejected', 400, 'opted_out', { providerCode: 21610 }),
  ],
  ['400 with code null', reply(400, twilioBody(400, null)), expected('rejected', 400, 'invalid_request')],
  ['400 with a code in words', reply(400, twilioBody(400, 'bad')), expected('rejected', 400, 'invalid_request')],
  ['400 without a code', reply(400, { message: 'no' }), expected('rejected', 400, 'invalid_request')],
  ['400 with an array', reply(400, [1]), expected('rejected', 400, 'invalid_request')],
  ['400 with null', reply(400, 'null'), expected('rejected', 400, 'invalid_request')],
  [
    '400 with a code nobody knows',
    reply(400, twilioBody(400, 999_999)),
    expected('rejected', 400, 'invalid_request', { providerCode: 999_999 }),
  ],
  [
    '400 in RFC 9457',
    reply(400, { type: 'about:blank', title: 'Bad', status: 400, code: 21610, detail: 'x' }),
    expected('rejected', 400, 'opted_out', { providerCode: 21610 }),
  ],
  [
    '400 with a list of errors',
    reply(400, { errors: [{ code: 21610, message: 'x' }] }),
    expected('rejected', 400, 'opted_out', { providerCode: 21610 }),
  ],
  ['401', reply(401, ''), expected('rejected', 401, 'authentication')],
  ['403', reply(403, '<html>'), expected('rejected', 403, 'permission')],
  ['404', reply(404, ''), expected('rejected', 404, 'not_found')],
  ['408', reply(408, ''), expected('rejected', 408, 'invalid_request')],
  [
    '429 with seconds',
    reply(429, twilioBody(429, 20429), { 'Retry-After': '7' }),
    expected('rejected', 429, 'rate_limited', { providerCode: 20429, retryAfterMs: 7000 }),
  ],
  [
    '429 with a date',
    reply(429, '', { Date: 'Sun, 22 Nov 2026 09:00:00 GMT', 'Retry-After': 'Sun, 22 Nov 2026 09:01:30 GMT' }),
    expected('rejected', 429, 'rate_limited', { retryAfterMs: 90_000 }),
  ],
  [
    '429 with a wait in parts of seconds',
    reply(429, '', { 'Retry-After': '1.5' }),
    expected('rejected', 429, 'rate_limited', { retryAfterMs: 2000 }),
  ],
  [
    '429 with a wait of centuries',
    reply(429, '', { 'Retry-After': '99999999999' }),
    expected('rejected', 429, 'rate_limited', { retryAfterMs: 999_999_999_000 }),
  ],
  [
    '429 with a wait that is none',
    reply(429, '', { 'Retry-After': 'soon' }),
    expected('rejected', 429, 'rate_limited'),
  ],
  [
    '429 with 63038',
    reply(429, twilioBody(429, 63038)),
    expected('rejected', 429, 'quota_exhausted', { providerCode: 63038 }),
  ],
  ['500', reply(500, twilioBody(500, 20500)), expected('unknown', 500, provider, { providerCode: 20500 })],
  [
    '500 with the code of a 4xx',
    reply(500, twilioBody(500, 21211)),
    expected('unknown', 500, 'recipient_unreachable', { providerCode: 21211 }),
  ],
  ['502 in HTML', reply(502, '<html>502</html>', { 'Content-Type': 'text/html' }), expected('unknown', 502, provider)],
  [
    '503 without a body',
    reply(503, '', { 'Retry-After': '2' }),
    expected('unknown', 503, provider, { retryAfterMs: 2000 }),
  ],
  ['504', reply(504, ''), expected('unknown', 504, provider)],
  ['201 without a sid', reply(201, { status: 'queued' }), expected('unknown', 201, provider)],
  ['201 with an empty sid', reply(201, { sid: '' }), expected('unknown', 201, provider)],
  ['201 with malformed JSON', reply(201, '{"sid":"SM1"'), expected('unknown', 201, provider)],
  ['201 in XML', reply(201, '<TwilioResponse/>'), expected('unknown', 201, provider)],
  ['204', reply(204), expected('unknown', 204, provider)],
  ['200 with an array', reply(200, []), expected('unknown', 200, provider)],
  [
    '201 that is too large',
    reply(201, `{"sid":"SM1","x":"${'x'.repeat(2 ** 20)}"}`),
    expected('unknown', 201, provider, { networkFailure: 'too_large' }),
  ],
  [
    '400 that is too large',
    reply(400, 'x'.repeat(2 ** 20 + 1)),
    expected('rejected', 400, 'invalid_request', { networkFailure: 'too_large' }),
  ],
  [
    'a reset',
    (socket) => socket.resetAndDestroy(),
    expected('unknown', null, provider, { networkFailure: 'reset_after_write' }),
  ],
  ['silence', hang, expected('unknown', null, provider, { networkFailure: 'timeout_after_write' })],
  [
    'a body that stops',
    (socket) => socket.write('HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{'),
    expected('unknown', 201, provider, { networkFailure: 'body_timeout' }),
  ],
  [
    'a refusal whose body stops',
    (socket) => socket.write('HTTP/1.1 429 No\r\nRetry-After: 3\r\nContent-Length: 9\r\n\r\n{'),
    expected('rejected', 429, 'rate_limited', { networkFailure: 'body_timeout', retryAfterMs: 3000 }),
  ],
];

describe('every failure of a creation becomes one ProviderError', () => {
  it.each(FAILURES)('%s', async (_, script, { errorClass, networkFailure, ...failure }) => {
    const error = await errorOn(script, { timeoutMs: networkFailure?.includes('timeout') ? 400 : 5000 });
    expect(error).toMatchObject({ errorClass, networkFailure });
    expect(error.failure).toMatchObject({ provider: 'twilio', ...failure, classification: { errorClass } });
  });

  it('says "rejected" when nothing was sent', async () => {
    const { client, module } = await startClient({ baseUrl: 'http://twilio.invalid' });
    onTestFinished(() => module.close());
    const error = await providerErrorOf(client.create('message', MESSAGE_FORM, IDS));
    expect(error).toMatchObject({ outcome: 'rejected', errorClass: provider, networkFailure: 'dns', httpStatus: null });
    expect(error.failure.providerBody).toBeNull();
  });

  it('says "rejected" when a look-up was aborted before, "unknown" when it was aborted after the write', async () => {
    const { client, wire } = await startWired(hang);
    const before = await providerErrorOf(client.fetch('message', MESSAGE_SID, AbortSignal.abort()));
    expect(before).toMatchObject({ outcome: 'rejected', networkFailure: 'aborted' });
    const abort = new AbortController();
    const after = providerErrorOf(client.fetch('message', MESSAGE_SID, abort.signal));
    await expect.poll(() => wire.requests.length).toBe(1);
    abort.abort();
    expect(await after).toMatchObject({ outcome: 'unknown', networkFailure: 'aborted' });
  });

  it('keeps the whole answer of the provider for whoever asks for it', async () => {
    const body = twilioBody(400, 21211);
    const error = await errorOn(reply(400, body, { 'Twilio-Request-Id': 'RQ9' }));
    expect(error.failure).toMatchObject({
      providerRequestId: 'RQ9',
      providerMessage: body.message,
      providerBody: JSON.stringify(body),
      classification: { rule: 'Twilio code 21211', unknownCode: false },
    });
  });

  it('keeps no character that the database cannot hold, and no code that it has no number for', async () => {
    const { failure } = await errorOn(reply(502, '\u001f\u008b\b\0\0 still compressed'));
    expect(failure.providerBody).toBe('\u001f\u008b\b\uFFFD\uFFFD still compressed');
    const odd = await errorOn(reply(400, '{"code": 99999999999, "message": "half a pair: \\ud83d, and \\u0000"}'));
    expect(odd.failure).toMatchObject({ providerCode: null, providerMessage: 'half a pair: \uFFFD, and \uFFFD' });
  });

  it('takes a Retry-After of no time, or of a date in the past, for none: it asks for no wait', async () => {
    const headers = { Date: 'Sun, 22 Nov 2026 09:00:00 GMT', 'Retry-After': 'Sun, 22 Nov 2026 08:00:00 GMT' };
    expect((await errorOn(reply(503, '', headers))).failure.retryAfterMs).toBeNull();
    expect((await errorOn(reply(429, '', { 'Retry-After': '0' }))).failure.retryAfterMs).toBeNull();
  });

  it('measures a Retry-After date by its own clock when the answer has no Date', async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs } = (await errorOn(reply(503, '', { 'Retry-After': inAMinute }))).failure;
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });
});

describe('an answer that is cut off', () => {
  it('at any byte is never a success, never an AxiosError, and in doubt unless its status line was a refusal', async () => {
    const whole = response(201, CREATED);
    const refusal = response(400, twilioBody(400, 21610));
    const cuts = [whole, refusal].flatMap((bytes) =>
      Array.from({ length: bytes.length }, (_, at) => bytes.slice(0, at)),
    );
    let next = 0;
    const { client, wire } = await startWired((socket) => {
      const cut = cuts[next++] ?? '';
      if (next % 2 === 0) socket.end(cut);
      else socket.write(cut, () => socket.resetAndDestroy());
    });
    for (const cut of cuts) {
      const error = await providerErrorOf(client.create('message', MESSAGE_FORM, IDS));
      expect(isAxiosError(error)).toBe(false);
      const status = cut.includes('\r\n\r\n') ? Number(cut.slice(9, 12)) : null;
      expect(error.httpStatus).toBe(status);
      expect(error.outcome).toBe(status === 400 ? 'rejected' : 'unknown');
    }
    expect(wire.requests).toHaveLength(cuts.length);
  });
});
