import { describe, expect, it } from 'vitest';
import { compose, type ComposeOptions } from '../src/channels/compose.js';
import type { NotificationContent } from '../src/channels/content.js';
import { missingContent } from '../src/channels/usable-content.js';
import type { Work } from '../src/outbox/work.js';
import type { Channel } from '../src/policy/vocabulary.js';
import { workOf } from './support/work.js';

const TO = '+15551230001';
const FROM = '+15005550006';
const SERVICE = `MG${'0'.repeat(32)}`;
const TEMPLATE = `HX${'0'.repeat(32)}`;
const PICTURES = ['https://example.com/1.png', 'https://example.com/2.png'];
const NOW = new Date('2026-11-22T10:00:00Z');
const OPTIONS: ComposeOptions = { publicUrl: 'https://postrider.example', callbackOverrides: '', now: NOW };
const MESSAGE_CALLBACK = 'https://postrider.example/callbacks/twilio/message/01890a5d-ac96-774b-bcce-b302099a8057';
const CALL_CALLBACK = 'https://postrider.example/callbacks/twilio/call/01890a5d-ac96-774b-bcce-b302099a8057';

function fieldsOf(channel: Channel, more: Partial<Work> = {}, options: Partial<ComposeOptions> = {}) {
  return compose(workOf({ channel, channels: [channel], ...more }), { ...OPTIONS, ...options }).fields;
}

const say = (words: string) => `<?xml version="1.0" encoding="UTF-8"?><Response><Say>${words}</Say></Response>`;

/** All that is asked of the provider, by what is said on a channel. */
const SAID: readonly (readonly [Channel, NotificationContent, Readonly<Record<string, unknown>>])[] = [
  ['sms', { body: 'Hello' }, { Body: 'Hello' }],
  ['sms', { body: 'Hello', sms: { body: 'By SMS' } }, { Body: 'By SMS' }],
  ['sms', { body: 'Hello', whatsapp: { body: 'On WhatsApp' }, voice: { say: 'By voice' } }, { Body: 'Hello' }],
  ['sms', { body: 'Hello', sms: { mediaUrls: PICTURES } }, { Body: 'Hello', MediaUrl: PICTURES }],
  ['sms', { sms: { mediaUrls: PICTURES } }, { MediaUrl: PICTURES }],
  ['sms', { body: 'Hello', sms: { mediaUrls: [] } }, { Body: 'Hello' }],
  ['sms', { body: null, sms: { body: null, mediaUrls: PICTURES } }, { MediaUrl: PICTURES }],
  ['whatsapp', { body: 'Hello' }, { Body: 'Hello' }],
  ['whatsapp', { body: 'Hello', whatsapp: { body: 'On WhatsApp' } }, { Body: 'On WhatsApp' }],
  ['whatsapp', { body: 'Hello', whatsapp: { mediaUrls: PICTURES } }, { Body: 'Hello', MediaUrl: PICTURES }],
  [
    'whatsapp',
    {
      body: 'Hello',
      whatsapp: { contentSid: TEMPLATE, contentVariables: { 1: '493021' }, body: 'x', mediaUrls: PICTURES },
    },
    { ContentSid: TEMPLATE, ContentVariables: '{"1":"493021"}' },
  ],
  ['whatsapp', { whatsapp: { contentSid: TEMPLATE } }, { ContentSid: TEMPLATE }],
  ['voice', { body: 'Hello' }, { Twiml: say('Hello') }],
  ['voice', { body: 'Hello', voice: { say: 'Tom & Ann' } }, { Twiml: say('Tom &amp; Ann') }],
  ['voice', { body: 'Hello', voice: { say: 'x', twiml: '<Response/>' } }, { Twiml: '<Response/>' }],
  ['voice', { body: 'Hello', voice: { url: 'https://example.com/call.xml' } }, { Url: 'https://example.com/call.xml' }],
];

const AROUND = {
  sms: { To: TO, From: FROM, StatusCallback: MESSAGE_CALLBACK },
  whatsapp: { To: `whatsapp:${TO}`, From: `whatsapp:${FROM}`, StatusCallback: MESSAGE_CALLBACK },
  voice: {
    To: TO,
    From: FROM,
    StatusCallback: CALL_CALLBACK,
    StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
  },
} as const satisfies Record<Channel, object>;

describe('what the provider is asked for', () => {
  it.each(SAID)('on %s for %j', (channel, content, fields) => {
    expect(fieldsOf(channel, { content })).toEqual({ ...AROUND[channel], ...fields });
  });

  it.each([
    ['sms', 'message'],
    ['whatsapp', 'message'],
    ['voice', 'call'],
  ] as const)('on %s is a %s', (channel, resource) => {
    expect(compose(workOf({ channel }), OPTIONS).resource).toBe(resource);
  });

  it.each(['sms', 'whatsapp'] as const)('on %s names a Messaging Service as such, not as a number', (channel) => {
    const { From: _, ...around } = AROUND[channel];
    expect(fieldsOf(channel, { sender: SERVICE })).toEqual({ ...around, MessagingServiceSid: SERVICE, Body: 'Hello' });
  });

  it.each(['sms', 'whatsapp', 'voice'] as const)('on %s is as a human corrected it', (channel) => {
    const prefix = channel === 'whatsapp' ? 'whatsapp:' : '';
    const changes = { to: '+15551230002', content: { body: 'Good day' } };
    const content = { body: 'Hello', sms: { body: 'x' }, whatsapp: { body: 'x' }, voice: { say: 'x' } };
    expect(fieldsOf(channel, { content, changes })).toEqual({
      ...AROUND[channel],
      To: `${prefix}+15551230002`,
      ...(channel === 'voice' ? { Twiml: say('Good day') } : { Body: 'Good day' }),
    });
  });

  it.each([
    ['sms', MESSAGE_CALLBACK],
    ['whatsapp', MESSAGE_CALLBACK],
    ['voice', CALL_CALLBACK],
  ] as const)('on %s has the connection overrides of its callbacks after a #', (channel, callback) => {
    const { StatusCallback } = fieldsOf(channel, {}, { callbackOverrides: 'rc=5&rp=all' });
    expect(StatusCallback).toBe(`${callback}#rc=5&rp=all`);
  });
});

describe('how long the provider may try', () => {
  it.each([
    [90_000, 90],
    [90_200, 91],
    [1, 1],
    [-5000, 1],
    [36_000_000, 36_000],
    // Longer than Twilio can be told: it tries as long as it does by itself.
    [36_000_001, undefined],
  ])('%s ms before expiresAt is %s seconds', (ms, ValidityPeriod) => {
    const expiresAt = new Date(NOW.getTime() + ms);
    for (const channel of ['sms', 'whatsapp'] as const) {
      expect(fieldsOf(channel, { expiresAt })).toEqual({ ...AROUND[channel], Body: 'Hello', ValidityPeriod });
    }
    expect(fieldsOf('voice', { expiresAt })).toEqual(fieldsOf('voice'));
  });
});

describe('a channel', () => {
  it.each([
    ['sms', { body: 'Hello' }],
    ['sms', { sms: { body: 'By SMS' } }],
    ['sms', { sms: { mediaUrls: PICTURES } }],
    ['whatsapp', { body: 'Hello' }],
    ['whatsapp', { whatsapp: { body: 'On WhatsApp' } }],
    ['whatsapp', { whatsapp: { contentSid: TEMPLATE } }],
    ['whatsapp', { whatsapp: { mediaUrls: PICTURES } }],
    ['voice', { body: 'Hello' }],
    ['voice', { voice: { say: 'By voice' } }],
    ['voice', { voice: { twiml: '<Response/>' } }],
    ['voice', { voice: { url: 'https://example.com/call.xml' } }],
  ] as const satisfies [Channel, NotificationContent][])('%s has something to say with %j', (channel, content) => {
    expect(missingContent([channel], content)).toEqual([]);
  });

  it.each([
    ['sms', {}, '/sms/body'],
    ['sms', { sms: { mediaUrls: [] }, whatsapp: { body: 'x' }, voice: { say: 'x' } }, '/sms/body'],
    ['sms', { body: 'Hello', sms: { body: '' } }, '/sms/body'],
    ['whatsapp', { whatsapp: { mediaUrls: [] }, sms: { body: 'x' } }, '/whatsapp/contentSid'],
    ['voice', { voice: {}, sms: { body: 'x' } }, '/voice/say'],
  ] as const satisfies [Channel, NotificationContent, string][])(
    '%s has nothing to say with %j',
    (channel, content, pointer) => {
      expect(missingContent([channel], content)).toEqual([
        { pointer, detail: expect.stringContaining(`${channel} has nothing to say`) },
      ]);
    },
  );
});
