/** The rule of an attempt whose process stopped; written by rescue.sql.ts. */
export const LOST_RULE = 'the lease expired';

/** The rule of an attempt that the provider did not answer; the reason may follow in brackets. */
export const NO_ANSWER_RULE = 'no answer';

/** The rule of an attempt still in flight when another one turns out to have been accepted. */
export const NO_ANSWER_YET_RULE = `${NO_ANSWER_RULE} yet`;

export function isWithoutAnswer(rule: string): boolean {
  return rule.startsWith(NO_ANSWER_RULE);
}

/** A failure's rule for human readers: "no answer (timeout after write)", "Twilio code 30003". */
export function ruleInWords(rule: string): string {
  if (rule === LOST_RULE) return 'a process of the service stopped before it had the answer';
  return rule.replaceAll('_', ' ');
}
