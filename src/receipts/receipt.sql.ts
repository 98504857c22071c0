import type { Statement } from '../database/database.js';
import { firstIdOf } from '../identifiers/first-id.sql.js';
import { awaitsDelivery } from '../outbox/row-state.sql.js';
import { isOneOf, UNSUCCESSFUL_ENDS } from '../policy/transitions.js';
import { CATCHES_UP_MINUTES } from './receipt.looks.js';

/** Statuses of a notification that a receipt would still change. */
const MAY_STILL_BE_DELIVERED = ['queued', 'sending', 'sent', 'failed'] as const;

/** Starts or continues look $1, leased for $2 seconds: a row per channel, or none while another replica is at it. */
export const TAKE_LOOK: Statement = {
  name: 'receipts-take-look',
  text: `
    UPDATE receipt_looks SET leased_until = service_now() + make_interval(secs => $2)
    WHERE number = $1 AND leased_until <= service_now()
    RETURNING channel, looked_to AS "lookedTo"`,
};

/** Records that look $1 has reached on each of the channels $2 the attempt of $3, and releases it to the next replica. */
export const LEAVE_LOOK: Statement = {
  name: 'receipts-leave-look',
  text: `
    UPDATE receipt_looks SET looked_to = ($3::uuid[])[array_position($2::text[], channel)], leased_until = to_timestamp(0)
    WHERE number = $1 AND channel = ANY ($2::text[])`,
};

/**
 * The $3 attempts after $1 that began at least $2 minutes ago, but not too long before that (CATCHES_UP_MINUTES), and
 * whether they lack a receipt: accepted, neither the notification nor the delivery ended, and, if $4, without any
 * callback. `late`: more than an hour past that age.
 *
 * Returns all of them, including those whose notification retention has deleted, so that the look can move past them.
 * They are found by their ids, which are in order of time: an index on `sent` rows would cost every send.
 */
export const ATTEMPTS_TO_LOOK_AT: Statement = {
  name: 'receipts-attempts-to-look-at',
  plan: 'each_time',
  text: `
    SELECT a.id AS "attemptId", a.notification_id AS "notificationId", a.delivery_id AS "deliveryId",
      a.provider_sid AS "providerSid", d.channel, d.sender,
      coalesce(a.outcome = 'accepted' AND a.provider_sid IS NOT NULL AND ${isOneOf('n.status', MAY_STILL_BE_DELIVERED)}
        AND NOT ${isOneOf('d.status', [...UNSUCCESSFUL_ENDS, 'delivered'])}
        AND NOT ($4 AND EXISTS (
          SELECT 1 FROM callbacks c WHERE c.notification_id = a.notification_id AND c.attempt_id = a.id)), false) AS missing,
      a.id < ${firstIdOf('service_now() - make_interval(mins => $2 + 60)')} AS late
    FROM (
      SELECT * FROM attempts
      WHERE id > greatest($1, ${firstIdOf(`service_now() - make_interval(mins => $2 + ${CATCHES_UP_MINUTES})`)})
        AND id < ${firstIdOf('service_now() - make_interval(mins => $2)')}
      ORDER BY id LIMIT $3
    ) AS a
    LEFT JOIN notifications n ON n.id = a.notification_id
    LEFT JOIN deliveries d ON d.id = a.delivery_id
    ORDER BY a.id`,
};

/** The accepted attempts of the delivery that notification $1 waits for. */
export const AWAITED_ATTEMPTS: Statement = {
  name: 'receipts-awaited-attempts',
  text: `
    SELECT a.id AS "attemptId", a.notification_id AS "notificationId", a.delivery_id AS "deliveryId",
      a.provider_sid AS "providerSid", o.channel, o.sender,
      round(extract(epoch FROM service_now() - a.started_at))::float8 AS seconds
    FROM outbox o JOIN attempts a ON a.notification_id = o.notification_id AND a.delivery_id = o.delivery_id
    WHERE o.notification_id = $1 AND ${awaitsDelivery('o')} AND a.outcome = 'accepted' AND a.provider_sid IS NOT NULL`,
};
