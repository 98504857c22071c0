import { defaultsOf } from './class-defaults.js';
import { officialPage, type TwilioErrorCode, type TwilioErrorCodeTable } from './error-code.js';
import { InvalidErrorCodeOverridesError, type OverrideProblem } from './overrides.error.js';

/** The fields of a code that an operator may override; omitted ones keep their value. */
export type TwilioErrorCodeOverride = Partial<Omit<TwilioErrorCode, 'code'>>;
export type TwilioErrorCodeOverrides = ReadonlyMap<number, TwilioErrorCodeOverride>;

/** The fields required for a code that is not in the table. */
const NEEDED_BY_A_NEW_CODE = ['errorClass', 'responsible', 'name', 'action'] as const;

/**
 * Returns a new table with the overrides merged in.
 *
 * An override that changes the class starts from that class: responsible, scope, sameChannelAgain and otherChannelHelps
 * take the class's values, or the cautious ones ("never", "no") where the class leaves them to the code, unless the
 * override sets them as well.
 * @throws InvalidErrorCodeOverridesError if a new code is incomplete, if an answer that only the code can give is
 * missing, or if one is given that the class decides
 */
export function withOverrides(table: TwilioErrorCodeTable, overrides: TwilioErrorCodeOverrides): TwilioErrorCodeTable {
  const problems = problemsInTable(table, overrides);
  if (problems.length > 0) throw new InvalidErrorCodeOverridesError('the given map', problems);

  const merged = new Map(table);
  for (const [code, override] of overrides) {
    const row = mergedRow(code, table.get(code), override);
    if (row !== null) merged.set(code, row);
  }
  return new Map([...merged].toSorted(([a], [b]) => a - b));
}

/** Problems that show only against the table: incomplete new codes, and answers that decide nothing. */
export function problemsInTable(table: TwilioErrorCodeTable, overrides: TwilioErrorCodeOverrides): OverrideProblem[] {
  return [...overrides].flatMap(([code, override]) => {
    const row = mergedRow(code, table.get(code), override);
    return row === null ? missingFields(code, override) : [...openAnswers(row), ...idleAnswers(row, override)];
  });
}

function missingFields(code: number, override: TwilioErrorCodeOverride): OverrideProblem[] {
  return NEEDED_BY_A_NEW_CODE.filter((field) => override[field] === undefined).map((field) => ({
    code: String(code),
    field,
    problem: `is missing; the table does not know this code, so it needs ${NEEDED_BY_A_NEW_CODE.join(', ')}`,
    didYouMean: null,
  }));
}

function openAnswers(row: TwilioErrorCode): OverrideProblem[] {
  const { sameChannelByCode, otherChannelByCode } = defaultsOf(row.errorClass);
  const problems: OverrideProblem[] = [];
  const open = (field: string, answers: string) =>
    problems.push({
      code: String(row.code),
      field,
      problem: `cannot be "by_class", because ${row.errorClass} leaves it to each code: say ${answers}`,
      didYouMean: null,
    });
  if (sameChannelByCode && row.sameChannelAgain === 'by_class') {
    open('sameChannelAgain', '"never" or "backoff"');
  }
  if (otherChannelByCode && row.otherChannelHelps === 'by_class') {
    open('otherChannelHelps', '"yes" or "no"');
  }
  return problems;
}

/** Answers without effect: if they were accepted, the catalogue would show a policy that is not in force. */
function idleAnswers({ code, errorClass }: TwilioErrorCode, override: TwilioErrorCodeOverride): OverrideProblem[] {
  const { sameChannelByCode, otherChannelByCode } = defaultsOf(errorClass);
  const idle = (field: string, problem: string) => ({ code: String(code), field, problem, didYouMean: null });
  const byClass = (field: string) =>
    idle(
      field,
      `would change nothing, because ${errorClass} decides it for all its codes: leave it out, or give the code another errorClass`,
    );
  const problems: OverrideProblem[] = [];
  if (!sameChannelByCode && isAnswer(override.sameChannelAgain)) problems.push(byClass('sameChannelAgain'));
  if (!otherChannelByCode && isAnswer(override.otherChannelHelps)) problems.push(byClass('otherChannelHelps'));
  if (errorClass !== 'quota_exhausted' && override.resetsAfterMs !== undefined) {
    problems.push(
      idle('resetsAfterMs', `would change nothing, because only quota_exhausted waits for a cap: leave it out`),
    );
  }
  return problems;
}

function isAnswer(answer: string | undefined): boolean {
  return answer !== undefined && answer !== 'by_class';
}

/** The resulting row; null if the code is new and incomplete. */
function mergedRow(
  code: number,
  known: TwilioErrorCode | undefined,
  override: TwilioErrorCodeOverride,
): TwilioErrorCode | null {
  const note = override.note ?? noteOfChange(known, override);
  if (known !== undefined) {
    const ofNewClass =
      override.errorClass === undefined || override.errorClass === known.errorClass
        ? {}
        : meaningOfClass(override.errorClass);
    return { ...known, ...ofNewClass, ...override, note };
  }

  const { errorClass, responsible, name, action } = override;
  if (errorClass === undefined || responsible === undefined || name === undefined || action === undefined) return null;
  return {
    code,
    seenIn: 'unclear',
    ...meaningOfClass(errorClass),
    source: officialPage(code),
    reviewedAt: null,
    ...override,
    errorClass,
    responsible,
    name,
    action,
    note,
  };
}

function meaningOfClass(errorClass: TwilioErrorCode['errorClass']) {
  const { responsible, scope, sameChannelByCode, otherChannelByCode } = defaultsOf(errorClass);
  return {
    responsible,
    scope,
    sameChannelAgain: sameChannelByCode ? 'never' : 'by_class',
    otherChannelHelps: otherChannelByCode ? 'no' : 'by_class',
  } as const;
}

/** Shows in the catalogue whose judgement a row is. */
function noteOfChange(known: TwilioErrorCode | undefined, override: TwilioErrorCodeOverride): string {
  if (known === undefined) return 'Added by the operator.';
  const changed = `Changed by the operator: ${Object.keys(override).join(', ')}.`;
  return known.note === undefined ? changed : `${known.note} ${changed}`;
}
