import { Injectable } from '@nestjs/common';
import { PROBLEM_SLUGS, PROBLEM_TYPES, type ProblemSlug } from './problem-types.js';

/** The problems that are the service's own fault and not the caller's. */
export const OWN_FAILURES: readonly ProblemSlug[] = PROBLEM_SLUGS.filter((slug) => PROBLEM_TYPES[slug].status >= 500);

/** Passes on which requests failed through no fault of their callers, wholly or for items of a batch. */
@Injectable()
export class FailedRequests {
  private readonly listeners = new Set<(failure: ProblemSlug) => void>();

  /** @param listener receives one of {@link OWN_FAILURES} for each such request; must not throw */
  subscribe(listener: (failure: ProblemSlug) => void): void {
    this.listeners.add(listener);
  }

  /** @param slugs of the problems that one request met; it counts once, for the first of {@link OWN_FAILURES} */
  note(slugs: readonly ProblemSlug[]): void {
    const failure = OWN_FAILURES.find((own) => slugs.includes(own));
    if (failure === undefined) return;
    for (const listener of this.listeners) listener(failure);
  }
}
