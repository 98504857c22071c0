import { inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { keepLines } from './support/log.lines.js';
import { errorOn, hang, twilioBody } from './twilio.errors.setup.js';
import { MESSAGE } from './twilio.setup.js';
import { reply, type Script } from './twilio.wire.js';

describe('what a ProviderError shows', () => {
  const secrets = [
    MESSAGE.To,
    '5551230001',
    MESSAGE.Body,
    '493021',
    'token-of-the-account',
    'c3VjaGEgc2VjcmV0',
    'Basic ',
  ];
  const scripts: [string, Script][] = [
    ['a refusal that repeats the number and the text', reply(400, { ...twilioBody(400, 21211), body: MESSAGE.Body })],
    ['a list of errors', reply(400, { errors: [{ code: 1, message: `${MESSAGE.To}: ${MESSAGE.Body}` }] })],
    ['an answer without a sid', reply(201, MESSAGE)],
    ['an answer that is not HTTP', (socket) => socket.end(`HTTP/1.1 ${MESSAGE.To} ${MESSAGE.Body}\r\n\r\n`)],
    ['an answer that is too large', reply(400, MESSAGE.Body.repeat(60_000))],
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['silence', hang],
  ];

  it.each(scripts)('holds no number, no text and no credentials: %s', async (_, script) => {
    const error = await errorOn(script, {
      timeoutMs: script === hang ? 100 : 5000,
      apiKey: { sid: 'SK1', secret: 'sucha secret' },
    });
    const { destination: sink, lines: logged } = keepLines();
    pino(sink).error(error, 'not sent');
    pino(sink).error({ error }, 'not sent');
    const shown = [error.message, error.stack, String(error), JSON.stringify(error), inspect(error, { depth: 9 })];
    const everything = [...shown, JSON.stringify(Object.entries(error)), ...logged].join('\n');
    for (const secret of secrets) expect(everything).not.toContain(secret);
    expect(everything).toContain(error.errorClass);
  });

  it('says in its JSON what a log needs', async () => {
    const error = await errorOn(reply(400, twilioBody(400, 21211), { 'Twilio-Request-Id': 'RQ9' }));
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'ProviderError',
      message: 'Twilio did not accept the request (HTTP 400, code 21211: recipient_unreachable)',
      outcome: 'rejected',
      errorClass: 'recipient_unreachable',
      httpStatus: 400,
      providerCode: 21211,
      providerRequestId: 'RQ9',
      networkFailure: null,
    });
  });

  it('says what to do when it is not known whether the request was accepted', async () => {
    const error = await errorOn((socket) => socket.resetAndDestroy());
    expect(error.message).toBe(
      'Twilio may have accepted the request (no answer, no code, reset_after_write: provider_fault); ' +
        'find out before sending it again',
    );
  });
});
