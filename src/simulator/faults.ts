import { z } from 'zod';
import { CALL_STATUSES } from './call.record.js';
import { MESSAGE_STATUSES } from './message.record.js';
import { CHANNELS } from './phone.address.js';

const milliseconds = z.int().min(0).max(3_600_000);
const errorStatus = z.int().min(400).max(599);

/** What can go wrong with a request, or after it. */
const faultSchema = z.discriminatedUnion('kind', [
  /** Refused with an HTTP status; nothing is accepted. `code: null` omits the code, `body` replaces the whole body. */
  z.strictObject({
    kind: z.literal('status'),
    status: errorStatus,
    code: z.int().nullable().optional(),
    message: z.string().optional(),
    /** Seconds, or an HTTP date. */
    retryAfter: z.union([z.number().min(0), z.string().min(1)]).optional(),
    body: z.string().optional(),
    contentType: z.string().min(1).optional(),
  }),
  /** Handled and answered after a delay. */
  z.strictObject({ kind: z.literal('slow'), ms: milliseconds }),
  /** Handled at once, answered after a delay. */
  z.strictObject({ kind: z.literal('late_answer'), ms: milliseconds }),
  /** Never answered. Nothing is accepted unless `accepts` says so. */
  z.strictObject({ kind: z.literal('no_answer'), accepts: z.boolean().default(false) }),
  /** The connection is reset. The request is accepted, except with `before_reading`. */
  z.strictObject({
    kind: z.literal('reset'),
    when: z.enum(['before_reading', 'after_accepting', 'during_response']),
  }),
  /** Accepted, but answered with an error. */
  z.strictObject({ kind: z.literal('accepted_then'), status: errorStatus }),
  /** Accepted and answered with the right status, but with a body that is not JSON. */
  z.strictObject({ kind: z.literal('malformed'), body: z.string().optional() }),
  /** Accepted and answered with the right status and JSON, but without a sid. */
  z.strictObject({ kind: z.literal('no_sid') }),
  /** Accepted; stops in this status, which may also be an intermediate one. */
  z.strictObject({
    kind: z.literal('callback'),
    status: z.enum([...MESSAGE_STATUSES, ...CALL_STATUSES]),
    errorCode: z.int().positive().optional(),
  }),
  /** Accepted; its callbacks get lost, arrive twice, or arrive latest first. */
  z.strictObject({ kind: z.literal('callbacks'), mode: z.enum(['lost', 'repeated', 'reordered']) }),
]);
export type Fault = z.output<typeof faultSchema>;

const RESOURCES = ['messages', 'calls', 'list', 'fetch'] as const;
/** What a request asks for: to create a message or a call, to list them, or to fetch one. */
export type Resource = (typeof RESOURCES)[number];

/** A fault, when it applies, and how often. */
export const faultRuleSchema = z.strictObject({
  /** How many requests it applies to; if absent, all of them until the rule is removed. */
  times: z.int().min(1).optional(),
  match: z
    .strictObject({
      /** Default: requests that create something. */
      resource: z.union([z.enum(RESOURCES), z.array(z.enum(RESOURCES)).min(1)]).optional(),
      channel: z.enum(CHANNELS).optional(),
      from: z.string().min(1).optional(),
    })
    .optional(),
  fault: faultSchema,
});
export type FaultRule = z.output<typeof faultRuleSchema>;

/** How the callbacks of an accepted message or call go out. */
export type CallbackFault = Extract<Fault, { kind: 'callbacks' }>['mode'] | 'normal';

export function callbackFault(fault: Fault | null): CallbackFault {
  return fault?.kind === 'callbacks' ? fault.mode : 'normal';
}
