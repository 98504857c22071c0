import { readFile } from 'node:fs/promises';

import * as z from 'zod';

import { FAILURE_SCOPES } from '../../policy/failure.js';
import { ERROR_CLASSES, RESPONSIBLE_PARTIES } from '../../policy/vocabulary.js';
import { closestName } from '../../validation/closest-name.js';

import { OTHER_CHANNEL_HELPS, SAME_CHANNEL_AGAIN, SEEN_IN, type TwilioErrorCodeTable } from './error-code.js';
import { InvalidErrorCodeOverridesError, type OverrideProblem } from './overrides.error.js';
import { problemsInTable, type TwilioErrorCodeOverride, type TwilioErrorCodeOverrides } from './overrides.js';

const text = z.string().trim().min(1);

const OVERRIDE = z.strictObject({
  name: text.exactOptional(),
  seenIn: z.enum(SEEN_IN).exactOptional(),
  errorClass: z.enum(ERROR_CLASSES).exactOptional(),
  responsible: z.enum(RESPONSIBLE_PARTIES).exactOptional(),
  scope: z.enum(FAILURE_SCOPES).exactOptional(),
  sameChannelAgain: z.enum(SAME_CHANNEL_AGAIN).exactOptional(),
  otherChannelHelps: z.enum(OTHER_CHANNEL_HELPS).exactOptional(),
  notOnChannel: z.boolean().exactOptional(),
  mayHaveArrived: z.boolean().exactOptional(),
  resetsAfterMs: z.int().positive().exactOptional(),
  action: text.exactOptional(),
  note: text.exactOptional(),
  source: text.exactOptional(),
  reviewedAt: z.iso.date().exactOptional(),
});

const FIELDS = Object.keys(OVERRIDE.shape);
const CODE = /^[1-9]\d{2,5}$/;

/**
 * Reads overrides of the error-code table from a JSON file: an object that maps Twilio codes to the fields to change,
 * such as `{ "30007": { "otherChannelHelps": "yes" } }`. A code that is not in `table` needs errorClass, responsible,
 * name and action.
 * @throws InvalidErrorCodeOverridesError listing everything that is wrong: an unreadable file, broken JSON, unknown
 * codes, fields or words
 */
export async function readOverridesFile(path: string, table: TwilioErrorCodeTable): Promise<TwilioErrorCodeOverrides> {
  const entries = Object.entries(await readJsonObject(path));
  const overrides = new Map<number, TwilioErrorCodeOverride>();
  const problems: OverrideProblem[] = [];

  for (const [code, entry] of entries) {
    const problemsOfEntry = [...problemsOfCode(code, table), ...problemsOfShape(code, entry)];
    problems.push(...problemsOfEntry);
    if (problemsOfEntry.length === 0) overrides.set(Number(code), OVERRIDE.parse(entry));
  }
  problems.push(...problemsInTable(table, overrides));

  if (problems.length > 0) throw new InvalidErrorCodeOverridesError(path, problems);
  return overrides;
}

async function readJsonObject(path: string): Promise<object> {
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileProblem(path, 'the file cannot be read; check TWILIO_ERROR_CODES_FILE and who may read it', cause);
  });
  const json = parsedJson(path, content);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw fileProblem(path, 'the file must hold one JSON object whose keys are Twilio codes');
  }
  return json;
}

function parsedJson(path: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw fileProblem(
      path,
      `the file is not valid JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    );
  }
}

function fileProblem(path: string, problem: string, cause?: unknown): InvalidErrorCodeOverridesError {
  return new InvalidErrorCodeOverridesError(path, [{ code: null, field: null, problem, didYouMean: null }], { cause });
}

function problemsOfCode(code: string, table: TwilioErrorCodeTable): OverrideProblem[] {
  if (CODE.test(code)) return [];
  const digits = code.replaceAll(/\D/g, '');
  return [
    {
      code,
      field: null,
      problem: 'is not a Twilio error code, which is a whole number such as 30007',
      didYouMean: table.has(Number(digits)) ? digits : null,
    },
  ];
}

function problemsOfShape(code: string, entry: unknown): OverrideProblem[] {
  const result = OVERRIDE.safeParse(entry);
  if (!result.success) return result.error.issues.flatMap((issue) => problemsOfIssue(code, entry, issue));
  if (Object.keys(result.data).length > 0) return [];
  return [{ code, field: null, problem: `changes nothing; give it any of ${FIELDS.join(', ')}`, didYouMean: null }];
}

function problemsOfIssue(code: string, entry: unknown, issue: z.core.$ZodIssue): OverrideProblem[] {
  const field = issue.path.length === 0 ? null : String(issue.path[0]);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code,
      field: key,
      problem: 'is not a field of an override',
      didYouMean: closestName(key, FIELDS),
    }));
  }
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    return [{ code, field, problem: `must be one of ${words.join(', ')}`, didYouMean: nearest(entry, field, words) }];
  }
  return [{ code, field, problem: expectation(field), didYouMean: null }];
}

function nearest(entry: unknown, field: string | null, words: readonly string[]): string | null {
  if (typeof entry !== 'object' || entry === null || field === null) return null;
  const given: unknown = Object.getOwnPropertyDescriptor(entry, field)?.value;
  return typeof given === 'string' ? closestName(given, words) : null;
}

function expectation(field: string | null): string {
  if (field === null) return `must be an object with any of ${FIELDS.join(', ')}`;
  if (field === 'notOnChannel' || field === 'mayHaveArrived') return 'must be true or false';
  if (field === 'resetsAfterMs') return 'must be a whole number of milliseconds, such as 3600000';
  if (field === 'reviewedAt') return 'must be a date such as 2026-11-22';
  return 'must be text that is not blank';
}
