/** The rule of an attempt whose process stopped; rescue.sql.ts writes it. */
export const LOST_RULE = 'the lease expired';

/** A failure's rule as a human reads it: "no answer (timeout after write)", "Twilio code 30003". */
export function ruleInWords(rule: string): string {
  if (rule === LOST_RULE) return 'a process of the service stopped before it had the answer';
  return rule.replaceAll('_', ' ');
}
