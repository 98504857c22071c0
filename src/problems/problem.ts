import { HttpException } from '@nestjs/common';
import type { ProblemSlug } from './problem-types.js';
import { PROBLEM_TYPES, problemTypeUri } from './problem-types.js';

/** One thing that is wrong with a request. */
export interface FieldError {
  /** RFC 6901 JSON pointer into the body, or `/name` for a query parameter or header; '' is the whole body. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  /** What happened this time and what to do. Defaults to the title. Goes to the caller: no secret, no foreign data. */
  readonly detail?: string;
  /** Sent along with the problem: Retry-After, Allow, WWW-Authenticate… */
  readonly headers?: Readonly<Record<string, string>>;
  /** What exactly is wrong, for `validation-failed` and the like. */
  readonly errors?: readonly FieldError[];
  /** Extension members (RFC 9457 section 3.2), such as the id of the original notification. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The members of `application/problem+json`. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly [extension: string]: unknown;
}

/** A refusal or failure that the caller is told about; may be thrown anywhere below a route. */
export class Problem extends HttpException {
  override readonly name = 'Problem';

  constructor(
    readonly slug: ProblemSlug,
    private readonly particulars: ProblemOptions = {},
  ) {
    const { title, status } = PROBLEM_TYPES[slug];
    super(title, status, { cause: particulars.cause });
    this.message = particulars.detail ?? title;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.particulars.headers ?? {};
  }

  /** @param instance path of the request that met the problem, in a batch with a fragment that points at the item. */
  toBody(instance?: string): ProblemBody {
    const { title, status } = PROBLEM_TYPES[this.slug];
    return {
      type: problemTypeUri(this.slug),
      title,
      status,
      detail: this.message,
      ...(instance === undefined ? {} : { instance }),
      ...(this.particulars.errors ? { errors: this.particulars.errors } : {}),
      ...this.particulars.extra,
    };
  }
}

/** For a request with fields that are not as they must be. */
export function invalidFields(errors: readonly FieldError[]): Problem {
  return new Problem('validation-failed', { detail: 'See `errors` for every field that needs a correction.', errors });
}

/** The only way to say "no such thing, or not yours": both look the same from outside. */
export function notFound(what: string): Problem {
  return new Problem('not-found', { detail: `There is no ${what} with this id.` });
}
