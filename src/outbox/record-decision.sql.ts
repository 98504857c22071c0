import type { DecisionRule } from '../policy/decision.rules.js';

/**
 * Records a decision about each row of a query.
 * @param rows the query's name and conditions; its rows have `notification_id` and `delivery_id`
 * @param sentence an SQL expression
 * @param attempt their column with the attempt that it is about; none if it is about no attempt
 */
export function recordDecision(rows: string, rule: DecisionRule, sentence: string, attempt = 'NULL'): string {
  return `INSERT INTO decisions (id, notification_id, delivery_id, attempt_id, at, rule, sentence)
      SELECT new_uuid_v7(), notification_id, delivery_id, ${attempt}, service_now(), '${rule}', ${sentence} FROM ${rows}`;
}
