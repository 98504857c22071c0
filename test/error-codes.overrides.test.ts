import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TwilioErrorCode } from '../src/twilio/error-codes/error-code.js';
import { InvalidErrorCodeOverridesError } from '../src/twilio/error-codes/overrides.error.js';
import { readOverridesFile } from '../src/twilio/error-codes/overrides.file.js';
import { withOverrides } from '../src/twilio/error-codes/overrides.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';

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
      reviewedAt: null,
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
