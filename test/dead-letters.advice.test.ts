import { expect, it } from 'vitest';
import { adviceFor, whatToDo } from '../src/dead-letters/advice.js';
import type { DeadLetterDetailDto } from '../src/dead-letters/dead-letter.detail.dto.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { Provider, startTestService } from './support/service.js';

const TO = '+15551230001';
const REFUSED = { httpStatus: 400, channel: 'sms' } as const;

it('asks a human of every dead letter, never nobody: no automatic step is left', () => {
  const advice = [...TWILIO_ERROR_CODES.values()]
    .filter(({ errorClass }) => errorClass !== 'opted_out')
    .map(({ code, errorClass }) => adviceFor({ ...REFUSED, errorClass, providerCode: code }, TWILIO_ERROR_CODES));
  expect(advice.filter(({ action }) => !/^(Caller|Operator): /.test(action) || /Nobody: /.test(action))).toEqual([]);
});

it.each([
  [63003, 'channel_unavailable', 'Caller: put SMS first for this recipient.'],
  [
    34002,
    'recipient_unreachable',
    'Caller: find out whether the number is right. Correct it, send on another channel, or discard.',
  ],
  [21730, 'provider_fault', 'Operator: the status page says how long the maintenance takes.'],
  [39_999, 'not_found', 'Caller: name something that exists at the provider. Retry it with the correction.'],
] as const)('advises of %i what is left to do', (providerCode, errorClass, action) => {
  expect(adviceFor({ ...REFUSED, errorClass, providerCode }, TWILIO_ERROR_CODES).action).toBe(action);
});

it('does not blame the number of a call that nobody took, nor the caller of what was taken back', () => {
  const reported = { httpStatus: null, providerCode: null } as const;
  const advice = (channel: 'sms' | 'voice', errorClass: 'recipient_unreachable' | 'invalid_request') =>
    adviceFor({ ...reported, channel, errorClass }, TWILIO_ERROR_CODES).action;
  expect(advice('voice', 'recipient_unreachable')).toMatch(/^Operator: retry it at a better time, /);
  expect(advice('sms', 'recipient_unreachable')).toMatch(/^Caller: find out whether the number is right\. /);
  expect(advice('voice', 'invalid_request')).toMatch(/^Operator: it was canceled at the provider, /);
});

it('says first what matters more than the failure: that nothing can be sent, or that it may have arrived', () => {
  const open = { state: 'open', expired: false, contentKept: true, maybeAccepted: false } as const;
  const advice = 'Operator: retry it.';
  expect(whatToDo(open, advice)).toBe(advice);
  expect(whatToDo({ ...open, state: 'resolved', expired: true }, advice)).toBe('Nobody: it is resolved.');
  expect(whatToDo({ ...open, expired: true, maybeAccepted: true }, advice)).toMatch(/^Operator: discard it; /);
  expect(whatToDo({ ...open, maybeAccepted: true }, advice)).toMatch(
    /^Operator: the recipient may have it already: .+retry it\.$/,
  );
  expect(whatToDo({ ...open, contentKept: false }, advice)).toMatch(/needs new content\. Operator: retry it\.$/);
});

it('promises no other try to whoever looks at what failed after it was accepted', async () => {
  const { api, simulator } = await startTestService();
  await new Provider(simulator.url).fail(TO, { fault: { kind: 'callback', status: 'undelivered', errorCode: 63018 } });
  const id = await api.send({ to: TO, channels: ['whatsapp'], body: 'Hello' });
  const { deadLetter } = await api.untilStatus(id, 'failed');
  const { body } = await api.get<DeadLetterDetailDto>(`/v1/admin/dead-letters/${deadLetter?.id}`);
  expect(body.whatToDo).toBe('Operator: set SENDER_RATES and look at the limit in WhatsApp Manager.');
});

it('neither calls nor sends on where a rule about consent stopped a message', async () => {
  const { api, simulator } = await startTestService();
  const provider = new Provider(simulator.url);
  await provider.fail(TO, { fault: { kind: 'callback', status: 'undelivered', errorCode: 30640 } });
  const id = await api.send({ to: TO, channels: ['sms', 'voice'], body: 'Sale', category: 'marketing' });
  const failed = await api.untilStatus(id, 'failed', 'delivered');
  expect(failed).toMatchObject({ channel: 'sms', deadLetter: { errorClass: 'permission', providerCode: 30640 } });
  expect(await provider.creates(TO)).toHaveLength(1);
});
