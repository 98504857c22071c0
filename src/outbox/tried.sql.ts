/**
 * Whether a channel counts as tried by delivery `d`: the rule of channels-left.ts, for a query. Attempts are looked up
 * as a scalar, and only for a delivery that was called off.
 */
export function countsAsTried(d: string): string {
  return `(${d}.status <> 'canceled' OR (
          SELECT a.id FROM attempts a WHERE a.notification_id = ${d}.notification_id AND a.delivery_id = ${d}.id LIMIT 1
        ) IS NOT NULL)`;
}
