import type { UnsuccessfulWork } from './work.js';

const REASON = 'the notification was accepted, delivered or ended otherwise meanwhile';

/** The next step of work whose notification is over: none, whatever became of it. */
export const OVERTAKEN = {
  step: { kind: 'none', reason: REASON },
  decision: { rule: 'overtaken', sentence: `Nothing more is sent by this delivery: ${REASON}.` },
} as const satisfies Pick<UnsuccessfulWork, 'step' | 'decision'>;

/** The result with the step that really followed. Pure. */
export function asOvertaken(result: Pick<UnsuccessfulWork, 'work' | 'attempt' | 'failure'>): UnsuccessfulWork {
  const { work, attempt, failure } = result;
  return { work, attempt, failure, ...OVERTAKEN };
}
