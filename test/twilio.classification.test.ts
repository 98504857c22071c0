import { describe, expect, it } from 'vitest';
import { classify, classifyCallback } from '../src/twilio/classification.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';

const nothing = { httpStatus: null, providerCode: null, networkFailure: null } as const;

describe('classify', () => {
  it.each([
    [400, 'invalid_request', 'caller'],
    [401, 'authentication', 'operator'],
    [403, 'permission', 'operator'],
    [404, 'not_found', 'caller'],
    [405, 'invalid_request', 'caller'],
    [408, 'invalid_request', 'caller'],
    [409, 'invalid_request', 'caller'],
    [422, 'invalid_request', 'caller'],
    [425, 'invalid_request', 'caller'],
    [429, 'rate_limited', 'provider'],
    [499, 'invalid_request', 'caller'],
    [500, 'provider_fault', 'provider'],
    [501, 'provider_fault', 'provider'],
    [502, 'provider_fault', 'provider'],
    [503, 'provider_fault', 'provider'],
    [504, 'provider_fault', 'provider'],
    [599, 'provider_fault', 'provider'],
    [301, 'invalid_request', 'operator'],
    [308, 'invalid_request', 'operator'],
  ])('treats HTTP %i without a code as %s of the %s', (httpStatus, errorClass, responsible) => {
    const classification = classify({ ...nothing, httpStatus }, TWILIO_ERROR_CODES);
    expect(classification).toMatchObject({
      errorClass,
      responsible,
      rule: `HTTP status ${httpStatus}`,
      unknownCode: false,
    });
  });

  it('treats a 2xx that does not say what was accepted as the fault of the provider', () => {
    expect(classify({ ...nothing, httpStatus: 201 }, TWILIO_ERROR_CODES)).toMatchObject({
      errorClass: 'provider_fault',
      rule: 'HTTP status 201 without a usable answer',
    });
  });

  it('treats silence as the fault of the provider and names what broke', () => {
    expect(classify({ ...nothing, networkFailure: 'dns' }, TWILIO_ERROR_CODES)).toMatchObject({
      errorClass: 'provider_fault',
      responsible: 'provider',
      rule: 'no answer (dns)',
    });
    expect(classify(nothing, TWILIO_ERROR_CODES).rule).toBe('no answer');
  });

  it.each([
    [429, 63038, 'quota_exhausted'],
    [500, 21211, 'recipient_unreachable'],
    [403, 20003, 'authentication'],
    [400, 20003, 'authentication'],
    [400, 21610, 'opted_out'],
  ])('lets the code decide before HTTP %i: %i is %s', (httpStatus, providerCode, errorClass) => {
    expect(classify({ ...nothing, httpStatus, providerCode }, TWILIO_ERROR_CODES)).toMatchObject({
      errorClass,
      rule: `Twilio code ${providerCode}`,
      unknownCode: false,
    });
  });

  it.each([
    [401, 70051, 'authentication', 'HTTP status 401'],
    [401, 20003, 'authentication', 'Twilio code 20003'],
    [403, 70051, 'permission', 'Twilio code 70051'],
    [401, 21610, 'opted_out', 'Twilio code 21610'],
  ])('takes HTTP %i with code %i to a send for %s', (httpStatus, providerCode, errorClass, rule) => {
    const classification = classify({ ...nothing, httpStatus, providerCode }, TWILIO_ERROR_CODES);
    expect(classification).toMatchObject({ errorClass, rule, unknownCode: false });
  });

  it.each([
    [401, 70051, 'permission', 'Twilio code 70051', false],
    [403, 20003, 'permission', 'HTTP status 403', false],
    [403, 999_999, 'permission', 'HTTP status 403, unknown Twilio code 999999', true],
    [401, 20003, 'authentication', 'Twilio code 20003', false],
    [429, 20003, 'authentication', 'Twilio code 20003', false],
  ])('takes HTTP %i with code %i to a look-up for %s', (httpStatus, providerCode, errorClass, rule, unknownCode) => {
    const failed = { ...nothing, httpStatus, providerCode, looksUp: true };
    expect(classify(failed, TWILIO_ERROR_CODES)).toMatchObject({ errorClass, rule, unknownCode });
  });

  it('takes from the table everything it says of a code', () => {
    for (const known of TWILIO_ERROR_CODES.values()) {
      const { code, errorClass, responsible, scope, sameChannelAgain, otherChannelHelps } = known;
      const { notOnChannel, resetsAfterMs } = known;
      expect(classify({ ...nothing, httpStatus: 400, providerCode: code }, TWILIO_ERROR_CODES)).toEqual({
        errorClass,
        responsible,
        scope,
        sameChannelAgain,
        otherChannelHelps,
        ...(notOnChannel && { notOnChannel }),
        ...(resetsAfterMs && { resetsAfterMs }),
        rule: `Twilio code ${code}`,
        unknownCode: false,
      });
    }
  });

  it('goes by status when nobody knows the code, and says so', () => {
    expect(classify({ ...nothing, httpStatus: 429, providerCode: 999_999 }, TWILIO_ERROR_CODES)).toMatchObject({
      errorClass: 'rate_limited',
      rule: 'HTTP status 429, unknown Twilio code 999999',
      unknownCode: true,
    });
  });

  it('has an answer to every status and code', () => {
    for (let httpStatus = 0; httpStatus < 1100; httpStatus += 1) {
      for (const providerCode of [null, 0, -1, 1.5, Number.NaN, 999_999]) {
        expect(classify({ ...nothing, httpStatus, providerCode }, TWILIO_ERROR_CODES).errorClass).toBeTypeOf('string');
      }
    }
  });
});

describe('classifyCallback', () => {
  it.each([
    ['sms', 'undelivered', 'recipient_unreachable', 'recipient', 'yes'],
    ['whatsapp', 'undelivered', 'recipient_unreachable', 'recipient', 'yes'],
    ['sms', 'failed', 'provider_fault', 'provider', 'yes'],
    ['sms', 'canceled', 'invalid_request', 'operator', 'no'],
    ['voice', 'busy', 'recipient_unreachable', 'recipient', 'yes'],
    ['voice', 'no-answer', 'recipient_unreachable', 'recipient', 'yes'],
    ['voice', 'failed', 'recipient_unreachable', 'recipient', 'yes'],
    ['voice', 'canceled', 'invalid_request', 'operator', 'no'],
    ['sms', 'a-status-of-next-year', 'provider_fault', 'provider', 'yes'],
    ['sms', '__proto__', 'provider_fault', 'provider', 'yes'],
  ] as const)('treats %s %s without a code as %s of the %s', (channel, status, errorClass, responsible, other) => {
    const classification = classifyCallback({ channel, status, errorCode: null }, TWILIO_ERROR_CODES);
    const what = channel === 'voice' ? 'call' : 'message';
    expect(classification).toMatchObject({
      errorClass,
      responsible,
      sameChannelAgain: 'never',
      otherChannelHelps: other,
      rule: `${what} status ${status}`,
      unknownCode: false,
    });
  });

  it('lets the code decide where the table knows it', () => {
    const failed = { channel: 'whatsapp', status: 'undelivered', errorCode: 63016 } as const;
    expect(classifyCallback(failed, TWILIO_ERROR_CODES)).toMatchObject({
      errorClass: 'channel_unavailable',
      rule: 'Twilio code 63016',
    });
  });

  it('goes by status when nobody knows the code, and says so', () => {
    const failed = { channel: 'sms', status: 'undelivered', errorCode: 999_999 } as const;
    expect(classifyCallback(failed, TWILIO_ERROR_CODES)).toMatchObject({
      errorClass: 'recipient_unreachable',
      rule: 'message status undelivered, unknown Twilio code 999999',
      unknownCode: true,
    });
  });
});
