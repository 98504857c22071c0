import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURE_SCOPES } from '../src/policy/failure.js';
import { ERROR_CLASSES, RESPONSIBLE_PARTIES } from '../src/policy/vocabulary.js';
import { CLASS_DEFAULTS } from '../src/twilio/error-codes/class-defaults.js';
import { InvalidErrorCodeOverridesError } from '../src/twilio/error-codes/overrides.error.js';
import { readOverridesFile } from '../src/twilio/error-codes/overrides.file.js';
import { tableOf, TWILIO_ERROR_CODES, withOverrides, type TwilioErrorCode } from '../src/twilio/error-codes/table.js';

const ROWS = [...TWILIO_ERROR_CODES.values()];

/** How many codes each family has: a row that gets lost in an edit is missed here. */
const CODES_PER_FAMILY = {
  'plain HTTP statuses': [0, 999, 4],
  'account, webhooks, TwiML, call progress (1xxxx)': [10_000, 19_999, 39],
  'API and credentials (20xxx)': [20_000, 20_999, 38],
  'calls, messages, senders (21xxx)': [21_000, 21_999, 90],
  'call queue (22xxx)': [22_000, 22_999, 2],
  'delivery of messages (30xxx)': [30_000, 30_999, 66],
  'delivery of calls (31xxx to 34xxx)': [31_000, 34_999, 32],
  'scheduling (35xxx)': [35_000, 35_999, 7],
  'messages per hour (60xxx)': [60_000, 60_999, 1],
  'WhatsApp and other channels (63xxx)': [63_000, 63_999, 61],
  'authorization (70xxx)': [70_000, 70_999, 6],
  'messages, older codes (90xxx)': [90_000, 90_999, 5],
  'content templates': [92_000, 999_999, 7],
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

  it('has 358 codes, in order, each under its own number', () => {
    const codes = [...TWILIO_ERROR_CODES.keys()];
    expect(codes).toHaveLength(358);
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
    const undecided = (by: 'class' | 'code', answer: string) => (by === 'code') === (answer === 'by_class');
    const wrong = ROWS.filter(({ errorClass, sameChannelAgain, otherChannelHelps }) => {
      const { sameChannelDecidedBy, otherChannelDecidedBy } = CLASS_DEFAULTS[errorClass];
      return undecided(sameChannelDecidedBy, sameChannelAgain) || undecided(otherChannelDecidedBy, otherChannelHelps);
    });
    expect(wrong.map(({ code }) => code)).toEqual([]);
  });

  it('gives a reason wherever somebody else is responsible than the class says', () => {
    const unexplained = ROWS.filter(
      ({ errorClass, responsible, note }) =>
        responsible !== CLASS_DEFAULTS[errorClass].responsible && errorClass !== 'channel_unavailable' && !note,
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

  it.each([30001, 21606, 21611, 63001, 63007, 63018, 63020, 63051, 63112])(
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

  it.each([30025, 30026, 63008, 63039, 63054])('knows that %i concerns one message', (code) => {
    expect(TWILIO_ERROR_CODES.get(code)?.scope).toBe('message');
  });

  it.each([21211, 21217, 30007, 30640, 63033])('sends nothing elsewhere for %i', (code) => {
    expect(TWILIO_ERROR_CODES.get(code)?.otherChannelHelps).toBe('no');
  });

  it.each([21408, 21606, 21614, 21617, 21635, 21658, 30003, 30005, 30006, 63013])(
    'lets another channel help for %i',
    (code) => {
      expect(TWILIO_ERROR_CODES.get(code)?.otherChannelHelps).toBe('yes');
    },
  );

  it('tries a switched-off phone again, but not a number the carrier does not know', () => {
    expect(TWILIO_ERROR_CODES.get(30003)?.sameChannelAgain).toBe('backoff');
    expect(TWILIO_ERROR_CODES.get(30005)?.sameChannelAgain).toBe('never');
  });

  it('refuses two rows of one code', () => {
    const row = rowOf(30007);
    expect(() => tableOf([row, row])).toThrow('30007 has two rows');
  });
});

describe('overrides of the table', () => {
  it('change what they name, keep the rest, and say that they did', () => {
    const table = withOverrides(
      TWILIO_ERROR_CODES,
      new Map([[30007, { otherChannelHelps: 'yes', action: 'Caller: X.' }]]),
    );
    const before = rowOf(30007);
    expect(table.get(30007)).toEqual({
      ...before,
      otherChannelHelps: 'yes',
      action: 'Caller: X.',
      note: `${before.note} Changed by the operator: otherChannelHelps, action.`,
    });
    expect(table.size).toBe(TWILIO_ERROR_CODES.size);
    expect(before.otherChannelHelps).toBe('no');
  });

  it('start from the meaning of the new class when they change the class', () => {
    const table = withOverrides(
      TWILIO_ERROR_CODES,
      new Map([
        [30008, { errorClass: 'provider_fault' }],
        [20503, { errorClass: 'recipient_unreachable', otherChannelHelps: 'yes' }],
      ]),
    );
    expect(table.get(30008)).toMatchObject({
      responsible: 'provider',
      scope: 'message',
      sameChannelAgain: 'by_class',
      otherChannelHelps: 'by_class',
    });
    expect(table.get(20503)).toMatchObject({
      responsible: 'recipient',
      scope: 'recipient',
      sameChannelAgain: 'never',
      otherChannelHelps: 'yes',
    });
  });

  it('add a code that the table does not know, with careful answers, in its place', () => {
    const added = {
      errorClass: 'content_rejected',
      responsible: 'caller',
      name: 'New filter',
      action: 'Caller: X.',
    } as const;
    const table = withOverrides(TWILIO_ERROR_CODES, new Map([[30099, added]]));
    expect(table.get(30099)).toEqual({
      ...added,
      code: 30099,
      seenIn: 'unclear',
      scope: 'message',
      sameChannelAgain: 'by_class',
      otherChannelHelps: 'no',
      note: 'Added by the operator.',
      source: 'https://www.twilio.com/docs/api/errors/30099',
      reviewedAt: 'not stated',
    });
    const codes = [...table.keys()];
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
  });

  it('cannot leave open what only the code can answer', () => {
    const open = () => withOverrides(TWILIO_ERROR_CODES, new Map([[30003, { sameChannelAgain: 'by_class' }]]));
    expect(open).toThrow(InvalidErrorCodeOverridesError);
    expect(open).toThrow('30003.sameChannelAgain: cannot be "by_class"');
  });
});

describe('the file of overrides', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'error-codes-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const read = async (content: string) => {
    const path = join(folder, 'overrides.json');
    await writeFile(path, content);
    return readOverridesFile(path, TWILIO_ERROR_CODES);
  };
  const refusal = async (content: string): Promise<InvalidErrorCodeOverridesError> => {
    const error = await read(content).catch((error: unknown) => error);
    if (error instanceof InvalidErrorCodeOverridesError) return error;
    throw new Error('the overrides were not refused as they should be', { cause: error });
  };

  it('is read and merged', async () => {
    const overrides = await read('{ "30007": { "otherChannelHelps": "yes", "reviewedAt": "2026-12-01" } }');
    expect(withOverrides(TWILIO_ERROR_CODES, overrides).get(30007)).toMatchObject({
      errorClass: 'content_rejected',
      otherChannelHelps: 'yes',
      reviewedAt: '2026-12-01',
    });
  });

  it('may be empty of codes', async () => {
    expect((await read('{}')).size).toBe(0);
  });

  it.each([
    ['a mistyped field', { '30007': { otherChannelHelp: 'yes' } }, '30007', 'otherChannelHelp', 'otherChannelHelps'],
    ['a mistyped class', { '30008': { errorClass: 'provider-fault' } }, '30008', 'errorClass', 'provider_fault'],
    ['a mistyped party', { '30008': { responsible: 'Operater' } }, '30008', 'responsible', 'operator'],
    ['a word of no set', { '30008': { scope: 'everything' } }, '30008', 'scope', null],
    ['a value that is no word', { '30008': { scope: 7 } }, '30008', 'scope', null],
    ['a code with letters', { E30007: { otherChannelHelps: 'yes' } }, 'E30007', null, '30007'],
    ['a blank action', { '30007': { action: ' ' } }, '30007', 'action', null],
    ['a date that is none', { '30007': { reviewedAt: 'yesterday' } }, '30007', 'reviewedAt', null],
    ['an entry that changes nothing', { '30007': {} }, '30007', null, null],
    ['an entry that is no object', { '30007': 'yes' }, '30007', null, null],
    ['an answer that its class gives', { '63016': { otherChannelHelps: 'no' } }, '63016', 'otherChannelHelps', null],
    ['a retry that its class gives', { '20503': { sameChannelAgain: 'never' } }, '20503', 'sameChannelAgain', null],
    ['a cap of no quota', { '30007': { resetsAfterMs: 60_000 } }, '30007', 'resetsAfterMs', null],
    ['a time that is none', { '60728': { resetsAfterMs: -1 } }, '60728', 'resetsAfterMs', null],
    ['an open answer', { '30007': { otherChannelHelps: 'by_class' } }, '30007', 'otherChannelHelps', null],
  ])('is refused for %s, by name and with the nearest word', async (_what, content, code, field, didYouMean) => {
    const error = await refusal(JSON.stringify(content));
    expect(error.problems).toEqual([{ code, field, problem: expect.any(String), didYouMean }]);
    expect(error.message).toContain(field === null ? `- ${code}: ` : `- ${code}.${field}: `);
    expect(error.message).toContain(didYouMean === null ? '\n' : `did you mean "${didYouMean}"?`);
  });

  it('names every field that a new code lacks', async () => {
    const error = await refusal('{ "30099": { "errorClass": "permission" } }');
    expect(error.problems.map(({ code, field }) => `${code}.${field}`)).toEqual([
      '30099.responsible',
      '30099.name',
      '30099.action',
    ]);
  });

  it('tells everything that is wrong at once', async () => {
    const error = await refusal('{ "30007": { "acton": "x" }, "30099": { "name": "x" }, "first": {} }');
    expect(new Set(error.problems.map(({ code }) => code))).toEqual(new Set(['30007', '30099', 'first']));
  });

  it.each([
    ['broken JSON', '{ "30007": ', 'is not valid JSON'],
    ['a list', '[]', 'must hold one JSON object'],
  ])('is refused for %s', async (_what, content, reason) => {
    expect((await refusal(content)).message).toContain(reason);
  });

  it('is asked for by its variable when it is not there', async () => {
    const missing = readOverridesFile(join(folder, 'nowhere.json'), TWILIO_ERROR_CODES);
    await expect(missing).rejects.toThrow('check TWILIO_ERROR_CODES_FILE');
  });
});

function rowOf(code: number): TwilioErrorCode {
  const row = TWILIO_ERROR_CODES.get(code);
  if (row === undefined) throw new Error(`no row of ${code}`);
  return row;
}
