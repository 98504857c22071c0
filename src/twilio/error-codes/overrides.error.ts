/** One error in the overrides. */
export interface OverrideProblem {
  /** The key as written, normally a Twilio code; null if the problem concerns the file as a whole. */
  readonly code: string | null;
  /** The field of that code; null if the problem concerns the whole entry. */
  readonly field: string | null;
  /** What is wrong and what would be right, as a sentence fragment. */
  readonly problem: string;
  readonly didYouMean: string | null;
}

/** The overrides of the error-code table are invalid. Lists every wrong code and field at once; nothing was applied. */
export class InvalidErrorCodeOverridesError extends Error {
  override readonly name = 'InvalidErrorCodeOverridesError';

  /** @param origin where the overrides came from, for example the file's path */
  constructor(
    readonly origin: string,
    readonly problems: readonly OverrideProblem[],
    options?: { cause?: unknown },
  ) {
    super(
      [
        `The Twilio error-code overrides in ${origin} cannot be used:`,
        ...problems.map(asLine),
        'docs/error-codes.md shows what an override may say.',
      ].join('\n'),
      options,
    );
  }
}

function asLine({ code, field, problem, didYouMean }: OverrideProblem): string {
  const place = [code, field].filter((part) => part !== null).join('.');
  const hint = didYouMean === null ? '' : `; did you mean "${didYouMean}"?`;
  return `- ${place === '' ? '' : `${place}: `}${problem}${hint}`;
}
