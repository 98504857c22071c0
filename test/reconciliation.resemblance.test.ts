import { describe, expect, it } from 'vitest';
import type { NotificationContent } from '../src/channels/content.js';
import type { Work } from '../src/outbox/work.js';
import { comparableText, resemblanceOf } from '../src/reconciliation/resemblance.js';
import type { TwilioRecord } from '../src/twilio/twilio.records.js';
import { recordOf } from './support/twilio-record.js';
import { workOf } from './support/work.js';

const SERVICE = `MG${'a'.repeat(32)}`;
const ANOTHER_SERVICE = `MG${'b'.repeat(32)}`;

const template = (contentVariables?: Record<string, string>): NotificationContent => ({
  body: 'Hello',
  whatsapp: { contentSid: `HX${'0'.repeat(32)}`, ...(contentVariables && { contentVariables }) },
});

function resembles(work: Partial<Work>, record: Partial<TwilioRecord> = {}) {
  return resemblanceOf(recordOf(record), workOf(work));
}

const byService = (more: Partial<Work> = {}): Partial<Work> => ({ sender: SERVICE, ...more });
const byTemplate = (variables?: Record<string, string>): Partial<Work> => ({
  channel: 'whatsapp',
  content: template(variables),
});

describe('a record of the list', () => {
  it.each<[string, Partial<Work>, Partial<TwilioRecord>, string]>([
    ['with the text', {}, {}, 'ours'],
    ['with another text', {}, { body: 'Good day' }, 'another'],
    ['without a text', {}, { body: '' }, 'ours'],
    ['that the recipient sent', {}, { direction: 'inbound' }, 'another'],
    ['that answered by TwiML', {}, { direction: 'outbound-reply' }, 'another'],
    ["with a human's words", { changes: { content: { body: 'Good day' } } }, { body: 'Good day' }, 'ours'],
    ["with the words before a human's", { changes: { content: { body: 'Good day' } } }, {}, 'another'],
    ["with the channel's own words", { content: { body: 'Hello', sms: { body: 'Hi' } } }, { body: 'Hi' }, 'ours'],
    ["with another channel's words", { content: { body: 'Hello', sms: { body: 'Hi' } } }, {}, 'another'],
    ['of a WhatsApp message with the text', { channel: 'whatsapp' }, {}, 'ours'],
    ['of a WhatsApp message with another text', { channel: 'whatsapp' }, { body: 'Good day' }, 'another'],
    ['of a call', { channel: 'voice', content: { body: 'Hello' } }, { body: null }, 'ours'],
    ['of a media message without words', { content: { sms: { mediaUrls: ['https://a.b/c'] } } }, { body: '' }, 'ours'],
    ['with words where ours has none', { content: { sms: { mediaUrls: ['https://a.b/c'] } } }, {}, 'another'],
  ])('of a number: %s', (_, work, record, resemblance) => {
    expect(resembles(work, record)).toBe(resemblance);
  });

  it.each<[string, Partial<Work>, Partial<TwilioRecord>, string]>([
    ['its name and the text', byService(), { messagingServiceSid: SERVICE }, 'ours'],
    ['its name and another text', byService(), { messagingServiceSid: SERVICE, body: 'Good day' }, 'another'],
    ['its name and no text', byService(), { messagingServiceSid: SERVICE, body: '' }, 'ours'],
    ['its name in capitals', byService(), { messagingServiceSid: SERVICE.toUpperCase(), body: '' }, 'ours'],
    ["another's name and the text", byService(), { messagingServiceSid: ANOTHER_SERVICE }, 'another'],
    ['no name and the text', byService(), {}, 'ours'],
    ['no name and no text', byService(), { body: '' }, 'perhaps'],
  ])('of a Messaging Service: %s', (_, work, record, resemblance) => {
    expect(resembles(work, record)).toBe(resemblance);
  });

  it.each<[string, Partial<Work>, Partial<TwilioRecord>, string]>([
    ['all its values', byTemplate({ '1': 'Ada', '2': '493021' }), { body: 'Ada: 493021' }, 'ours'],
    ['one of its values', byTemplate({ '1': 'Ada', '2': '493021' }), { body: 'Dear Ada' }, 'perhaps'],
    ['a value in other signs', byTemplate({ '1': '“Ada” ' }), { body: 'Dear "Ada"' }, 'ours'],
    ['anything, where its only value is empty', byTemplate({ '1': ' ' }), { body: 'Dear Ada' }, 'ours'],
    ['its value beside an empty one', byTemplate({ '1': ' ', '2': 'Ada' }), { body: 'Dear Eve' }, 'perhaps'],
    ['anything, where it has no values', byTemplate(), { body: 'Your parcel' }, 'ours'],
    ['nothing', byTemplate({ '1': 'Ada' }), { body: '' }, 'ours'],
    ['nothing, by a service', byService(byTemplate({ '1': 'Ada' })), { body: '' }, 'perhaps'],
    ['anything by nobody, where its only value is empty', byService(byTemplate({ '1': ' ' })), {}, 'perhaps'],
    ['anything by nobody, where it has no values', byService(byTemplate()), {}, 'perhaps'],
    [
      "a human's values",
      { ...byTemplate({ '1': 'Ada' }), changes: { content: template({ '1': 'Eve' }) } },
      { body: 'Dear Eve' },
      'ours',
    ],
    [
      "the values before a human's",
      { ...byTemplate({ '1': 'Ada' }), changes: { content: template({ '1': 'Eve' }) } },
      { body: 'Dear Ada' },
      'perhaps',
    ],
    ['its words, though the template is for another channel', { content: template({ '1': 'Ada' }) }, {}, 'ours'],
  ])('after a template: %s', (_, work, record, resemblance) => {
    expect(resembles(work, record)).toBe(resemblance);
  });
});

describe('a text', () => {
  it.each([
    ['an accent of its own sign', 'Café', 'Cafe', 'ours'],
    ['an accent of two signs', 'Cafe\u0301', 'Cafe', 'ours'],
    ['a ligature', 'ﬁne', 'fine', 'ours'],
    ['quotes', '“Hello”', '"Hello"', 'ours'],
    ['a blank that does not break', 'Hello\u00a0Ada', 'Hello Ada', 'ours'],
    ['an end of a line', 'Hello\nAda', 'Hello Ada', 'ours'],
    ["a trial account's first words", 'Hello', 'Sent from your Twilio trial account - Hello', 'ours'],
    ['those words in the middle', 'Hello', 'He was Sent from your Twilio trial account - Hello', 'another'],
    ['those words after ours', 'Hello', 'HelloSent from your Twilio trial account - ', 'another'],
    ['capitals', 'Hello', 'HELLO', 'another'],
    ['another digit', '493021', '493022', 'another'],
    ['a sum', '1 + 1', '1 = 1', 'another'],
  ])('is compared but for what the provider changes: %s', (_, body, shown, resemblance) => {
    expect(resembles({ content: { body } }, { body: shown })).toBe(resemblance);
  });
});

describe('the text that can be compared', () => {
  it.each<[string, Work['channel'], NotificationContent, string | null]>([
    ['an SMS', 'sms', { body: ' Hello, Ada! ' }, 'HelloAda'],
    ['an SMS without words', 'sms', {}, ''],
    ['a WhatsApp message', 'whatsapp', { body: 'Hello' }, 'Hello'],
    ['a template', 'whatsapp', template(), null],
    ['an SMS beside a template', 'sms', template(), 'Hello'],
    ['a call', 'voice', { body: 'Hello' }, null],
  ])('of %s', (_, channel, content, text) => {
    expect(comparableText({ channel }, content)).toBe(text);
  });
});
