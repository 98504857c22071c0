import { describe, expect, it } from 'vitest';
import { FAILURE_SCOPES } from '../src/policy/failure.js';
import { ERROR_CLASSES, RESPONSIBLE_PARTIES } from '../src/policy/vocabulary.js';
import { defaultsOf } from '../src/twilio/error-codes/class-defaults.js';
import { codesThatMayHaveArrived, type TwilioErrorCode } from '../src/twilio/error-codes/error-code.js';
import { tableOf, TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';

const ROWS = [...TWILIO_ERROR_CODES.values()];

/** How many codes each family has: a row that gets lost in an edit is missed here. */
const CODES_PER_FAMILY = {
  'plain HTTP statuses': [0, 999, 4],
  'account, webhooks, TwiML, call progress (1xxxx)': [10_000, 19_999, 39],
  'API and credentials (20xxx)': [20_000, 20_999, 38],
  'calls, messages, senders (21xxx)': [21_000, 21_999, 93],
  'call queue (22xxx)': [22_000, 22_999, 2],
  'delivery of messages (30xxx)': [30_000, 30_999, 67],
  'delivery of calls (31xxx to 34xxx)': [31_000, 34_999, 33],
  'scheduling (35xxx)': [35_000, 35_999, 7],
  'messages per hour (60xxx)': [60_000, 60_999, 1],
  'WhatsApp and other channels (63xxx)': [63_000, 63_999, 68],
  'authorization (70xxx)': [70_000, 70_999, 6],
  'messages, older codes (90xxx)': [90_000, 90_999, 5],
  'content templates': [92_000, 999_999, 11],
} as const;

/** Contract section 5, word for word. */
const CONTRACT = [
  [20003, 'authentication'],
  [21408, 'permission'],
  [30001, 'rate_limited'],
  [63018, 'rate_limited'],
  [63038, 'quota_exhausted'],
  [20500, 'provider_fault'],
  [21211, 'recipient_unreachable'],
  [21614, 'recipient_unreachable'],
  [30003, 'recipient_unreachable'],
  [30005, 'recipient_unreachable'],
  [63003, 'channel_unavailable'],
  [63016, 'channel_unavailable'],
  [63024, 'channel_unavailable'],
  [30007, 'content_rejected'],
  [63013, 'content_rejected'],
  [21610, 'opted_out'],
  [63014, 'opted_out'],
] as const;

describe('the table of Twilio error codes', () => {
  it.each(Object.entries(CODES_PER_FAMILY))('keeps every reviewed code: %s', (_family, [first, last, count]) => {
    expect(ROWS.filter(({ code }) => code >= first && code <= last)).toHaveLength(count);
  });

  it('has 374 codes, in order, each under its own number', () => {
    const codes = [...TWILIO_ERROR_CODES.keys()];
    expect(codes).toHaveLength(374);
    expect(codes).toEqual(ROWS.map(({ code }) => code));
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
  });

  it.each(ROWS)('says of $code ($name) who does what, from which source and since when', (row) => {
    expect(row.name).toMatch(/^\S.*[^.\s]$/);
    expect(ERROR_CLASSES).toContain(row.errorClass);
    expect(RESPONSIBLE_PARTIES).toContain(row.responsible);
    expect(FAILURE_SCOPES).toContain(row.scope);
    expect(row.action).toMatch(/^(Caller|Operator|Nobody): .+\.$/);
    expect(row.source).toBe(`https://www.twilio.com/docs/api/errors/${row.code}`);
    expect(row.reviewedAt).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  it('asks the one who is responsible', () => {
    const asked = {
      caller: /Caller:/,
      operator: /Operator:/,
      provider: /Nobody:|Operator:/,
      recipient: /Caller:|Nobody:/,
    };
    expect(ROWS.filter((row) => !asked[row.responsible].test(row.action)).map(({ code }) => code)).toEqual([]);
  });

  it('leaves to the class what the class decides, and answers itself what the contract leaves to the code', () => {
    const undecided = (byCode: boolean, answer: string) => byCode === (answer === 'by_class');
    const wrong = ROWS.filter(({ errorClass, sameChannelAgain, otherChannelHelps }) => {
      const { sameChannelByCode, otherChannelByCode } = defaultsOf(errorClass);
      return undecided(sameChannelByCode, sameChannelAgain) || undecided(otherChannelByCode, otherChannelHelps);
    });
    expect(wrong.map(({ code }) => code)).toEqual([]);
  });

  it('gives a reason wherever somebody else is responsible than the class says', () => {
    const unexplained = ROWS.filter(
      ({ errorClass, responsible, note }) =>
        responsible !== defaultsOf(errorClass).responsible && errorClass !== 'channel_unavailable' && !note,
    );
    expect(unexplained.map(({ code }) => code)).toEqual([]);
  });

  it('holds only recipients or operators responsible for an unavailable channel', () => {
    const unavailable = ROWS.filter(({ errorClass }) => errorClass === 'channel_unavailable');
    expect(new Set(unavailable.map(({ responsible }) => responsible))).toEqual(new Set(['recipient', 'operator']));
  });

  it.each(CONTRACT)('treats %i as %s', (code, errorClass) => {
    expect(TWILIO_ERROR_CODES.get(code)?.errorClass).toBe(errorClass);
  });

  it.each([20003, 20005, 10001, 30002, 63038, 60728, 20429])('knows that %i concerns the whole account', (code) => {
    expect(TWILIO_ERROR_CODES.get(code)?.scope).toBe('account');
  });

  it.each([30001, 21606, 21611, 21663, 63001, 63007, 63018, 63020, 63051, 63112, 63120])(
    'knows that %i concerns the sender',
    (code) => {
      expect(TWILIO_ERROR_CODES.get(code)?.scope).toBe('sender');
    },
  );

  it.each([14107, 21610, 30003, 30017, 30023, 30027, 30640, 63003, 63014, 63024, 63033])(
    'knows that %i concerns the recipient',
    (code) => {
      expect(TWILIO_ERROR_CODES.get(code)?.scope).toBe('recipient');
    },
  );

  it.each([21662, 30025, 30026, 63008, 63039, 63054, 63055])('knows that %i concerns one message', (code) => {
    expect(TWILIO_ERROR_CODES.get(code)?.scope).toBe('message');
  });

  it.each([21211, 21217, 30007, 30640, 63033])('sends nothing elsewhere for %i', (code) => {
    expect(TWILIO_ERROR_CODES.get(code)?.otherChannelHelps).toBe('no');
  });

  it.each([21408, 21606, 21614, 21617, 21635, 21658, 21662, 21663, 30003, 30005, 30006, 30046, 63013])(
    'lets another channel help for %i',
    (code) => {
      expect(TWILIO_ERROR_CODES.get(code)?.otherChannelHelps).toBe('yes');
    },
  );

  it('tries a switched-off phone again, but not a number the carrier does not know', () => {
    expect(TWILIO_ERROR_CODES.get(30003)?.sameChannelAgain).toBe('backoff');
    expect(TWILIO_ERROR_CODES.get(30005)?.sameChannelAgain).toBe('never');
  });

  it('knows after which codes the message may have arrived', () => {
    expect(codesThatMayHaveArrived(TWILIO_ERROR_CODES)).toEqual([30008, 30046, 30410, 32014]);
  });

  it('refuses two rows of one code', () => {
    const row = rowOf(30007);
    expect(() => tableOf([row, row])).toThrow('30007 has two rows');
  });
});

function rowOf(code: number): TwilioErrorCode {
  const row = TWILIO_ERROR_CODES.get(code);
  if (row === undefined) throw new Error(`no row of ${code}`);
  return row;
}
