import { describe, expect, it } from 'vitest';
import twilio from 'twilio';
import { isSignedByTwilio } from '../src/twilio/signature.js';

/** Twilio's own published example. */
const documented = {
  url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
  params: {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
  },
  signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
};

describe('isSignedByTwilio', () => {
  it("accepts Twilio's documented example", () => {
    expect(isSignedByTwilio(documented, ['12345'])).toBe(true);
  });

  it('accepts the old and the new token while they are exchanged', () => {
    expect(isSignedByTwilio(documented, ['the-new-one', '12345'])).toBe(true);
  });

  it.each<[string, Partial<Parameters<typeof isSignedByTwilio>[0]>]>([
    ['another host', { url: documented.url.replace('mycompany', 'elsewhere') }],
    ['another query', { url: `${documented.url}3` }],
    ['a changed field', { params: { ...documented.params, Digits: '1235' } }],
    ['an added field', { params: { ...documented.params, Extra: '' } }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['several signatures', { signature: [documented.signature] }],
    ['a signature of another length', { signature: `${documented.signature}=` }],
    ['an address that is none', { url: 'mycompany' }],
  ])('refuses %s', (_, change) => {
    expect(isSignedByTwilio({ ...documented, ...change }, ['12345'])).toBe(false);
  });

  it('refuses everything without a token, and never takes an empty one', () => {
    const { url, params } = documented;
    const signature = twilio.getExpectedTwilioSignature('', url, params);
    expect(isSignedByTwilio({ url, params, signature }, [])).toBe(false);
    expect(isSignedByTwilio({ url, params, signature }, [''])).toBe(false);
  });

  it('accepts repeated fields', () => {
    const url = 'https://postrider.example/callbacks/twilio/call/1?x=y';
    const params = { MediaUrl: ['b', 'a', 'a'], To: '+15551230001' };
    const signature = twilio.getExpectedTwilioSignature('12345', url, params);
    expect(isSignedByTwilio({ url, params, signature }, ['12345'])).toBe(true);
  });
});
