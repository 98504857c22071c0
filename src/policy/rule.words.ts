/** The rule of an attempt whose process stopped; rescue.sql.ts writes it. */
export const LOST_RULE = 'the lease expired';

/** The rule of an attempt that the provider did not answer; why may follow in brackets. */
export const NO_ANSWER_RULE = 'no answer';

/** The rule of an attempt that is in flight when another one proves accepted. */
export const NO_ANSWER_YET_RULE = `${NO_ANSWER_RULE} yet`;

export function isWithoutAnswer(rule: string): boolean {
  return rule.startsWith(NO_ANSWER_RULE);
}

/** A failure's rule as a human reads it: "no answer (timeout after write)", "Twilio code 30003". */
export function ruleInWords(rule: string): string {
  if (rule === LOST_RULE) return 'a process of the service stopped before it had the answer';
  return rule.replaceAll('_', ' ');
}
