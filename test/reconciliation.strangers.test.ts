import { describe, expect, it } from 'vitest';
import { listed, startListingProvider, type Listed } from './reconciliation.setup.js';
import { shareTestService } from './support/service.js';

const SERVICE = `MG${'a'.repeat(32)}`;
/** What Twilio names where a request named no service: the account's own default. */
const DEFAULT_SERVICE = `MG${'d'.repeat(32)}`;
const [OLD, YOUNG, NEXT] = ['1', '2', '9'].map((digit) => `SM${digit.repeat(32)}`) as [string, string, string];

const provider = await startListingProvider();
const byService = shareTestService({
  TWILIO_BASE_URL: provider.url,
  TWILIO_SMS_FROM: SERVICE,
  TWILIO_WHATSAPP_FROM: SERVICE,
});
const byNumber = shareTestService({ TWILIO_BASE_URL: provider.url });

let numbers = 0;

const HELLO = { channels: ['sms'], body: 'Hello' };
const CODE = {
  channels: ['whatsapp'],
  whatsapp: { contentSid: `HX${'0'.repeat(32)}`, contentVariables: { '1': 'Ada', '2': '493021' } },
};
const STATIC = { channels: ['whatsapp'], whatsapp: { contentSid: `HX${'0'.repeat(32)}` } };
const OURS = { messaging_service_sid: SERVICE };

/**
 * Its first attempt is in doubt, and the list shows these messages, all of them as young as it.
 * @returns what became of it: `adopted`, `sent_again`, or `asked_again` before anybody decides.
 */
async function found(
  shared: typeof byService,
  content: Record<string, unknown>,
  ...messages: readonly Partial<Listed>[]
): Promise<string> {
  const { api, database } = shared();
  numbers += 1;
  const to = `+1555125${String(numbers).padStart(4, '0')}`;
  const address = content['channels'] === HELLO.channels ? to : `whatsapp:${to}`;
  provider.script(address, {
    create: (index) => (index === 0 ? 503 : NEXT),
    list: ([createdAt = 0]) => messages.map((more) => listed(OLD, createdAt, more)),
  });
  const id = await api.send({ to, ...content });
  const becameOf = async () => {
    const { rows } = await database.query<{ lookups: number }>(
      'SELECT lookups FROM outbox WHERE notification_id = $1 AND lookups > 0',
      [id],
    );
    if (rows.length > 0) return 'asked_again';
    const { rows: sids } = await database.query<{ sid: string }>(
      `SELECT provider_sid AS sid FROM attempts WHERE notification_id = $1 AND outcome = 'accepted'`,
      [id],
    );
    const sid = sids[0]?.sid;
    if (sid === undefined) return 'pending';
    return sid === NEXT ? 'sent_again' : 'adopted';
  };
  await expect.poll(becameOf).not.toBe('pending');
  const became = await becameOf();
  expect(provider.creates(address)).toBe(became === 'sent_again' ? 2 : 1);
  return became;
}

describe('what a Messaging Service sent', () => {
  it.each([
    ['a message of its own', HELLO, OURS, 'adopted'],
    ['one that names the service in capitals', HELLO, { messaging_service_sid: SERVICE.toUpperCase() }, 'adopted'],
    ['one of which the sender is not told, with the same text', HELLO, { messaging_service_sid: null }, 'adopted'],
    ['one of which neither sender nor text is told', HELLO, { messaging_service_sid: null, body: '' }, 'asked_again'],
    ["another service's", HELLO, { messaging_service_sid: DEFAULT_SERVICE }, 'sent_again'],
    [
      "another service's whose text is not told",
      HELLO,
      { messaging_service_sid: DEFAULT_SERVICE, body: '' },
      'sent_again',
    ],
    ['a template with its values', CODE, { ...OURS, body: 'Hi Ada, your code is 493021.' }, 'adopted'],
    ["another service's after a template", CODE, { messaging_service_sid: DEFAULT_SERVICE }, 'sent_again'],
    [
      'one of which no sender is told after a template without values',
      STATIC,
      { messaging_service_sid: null },
      'asked_again',
    ],
  ] as const)('is not confused: %s', async (_, content, message, became) => {
    expect(await found(byService, content, message)).toBe(became);
  });
});

describe('what another application sent from the same number', () => {
  it.each([
    ['a template that shows none of the values', CODE, { body: 'Your parcel is here' }, 'asked_again'],
    ['a template that shows only one of them', CODE, { body: 'Ada, your parcel is here' }, 'asked_again'],
    ['a template with all of them', CODE, { body: 'Ada: 493021' }, 'adopted'],
    ['a template whose words the account redacted', CODE, { body: '' }, 'adopted'],
    ['a template without values', STATIC, { body: 'Your parcel is here' }, 'adopted'],
    ['an answer by TwiML', STATIC, { body: 'Thank you', direction: 'outbound-reply' }, 'sent_again'],
  ] as const)('is told apart as far as it can be: %s', async (_, content, message, became) => {
    expect(await found(byNumber, content, { messaging_service_sid: DEFAULT_SERVICE, ...message })).toBe(became);
  });

  it('does not hide ours, which shows the values', async () => {
    const ours = { sid: OLD, body: 'Ada: 493021' };
    expect(await found(byNumber, CODE, { sid: YOUNG, body: 'Your parcel is here' }, ours)).toBe('adopted');
  });
});

describe('a text that the provider changed', () => {
  it.each([
    ['blanks at its ends', '  Hello ', 'Hello'],
    ['quotes, dashes and blanks in one byte each', '“Café” –\u00a0it’s open…', '"Cafe" - it\'s open...'],
    ["a trial account's first words", 'Hello', 'Sent from your Twilio trial account - Hello'],
  ])('is found all the same: %s', async (_, text, shown) => {
    expect(await found(byNumber, { channels: HELLO.channels, body: text }, { body: shown })).toBe('adopted');
  });

  it.each([
    ['another code', 'Your code is 493021', 'Your code is 493022'],
    ['another sign', 'Approved 👍', 'Approved 👎'],
  ])('is not what says something else: %s', async (_, text, shown) => {
    expect(await found(byNumber, { channels: HELLO.channels, body: text }, { body: shown })).toBe('sent_again');
  });
});
