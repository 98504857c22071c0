import { CLASS_POLICY, type ClassPolicy } from '../../policy/class.policy.js';
import type { FailureScope } from '../../policy/failure.js';
import type { ErrorClass, ResponsibleParty } from '../../policy/vocabulary.js';

/** What the policy leaves to each code of a class, and the defaults of a row that does not say. */
interface ClassDefaults {
  readonly responsible: ResponsibleParty;
  readonly scope: FailureScope;
  /** True: every row of the class decides for itself. False: the policy decides, and rows say `by_class`. */
  readonly sameChannelByCode: boolean;
  readonly otherChannelByCode: boolean;
}

const SCOPES = {
  invalid_request: 'message',
  authentication: 'account',
  permission: 'message',
  not_found: 'message',
  rate_limited: 'sender',
  quota_exhausted: 'account',
  provider_fault: 'message',
  recipient_unreachable: 'recipient',
  channel_unavailable: 'message',
  content_rejected: 'message',
  opted_out: 'recipient',
} as const satisfies Record<ErrorClass, FailureScope>;

export function defaultsOf(errorClass: ErrorClass): ClassDefaults {
  const { responsible, sameChannel, fallback }: ClassPolicy = CLASS_POLICY[errorClass];
  return {
    responsible,
    scope: SCOPES[errorClass],
    sameChannelByCode: sameChannel === 'by_code',
    otherChannelByCode: fallback === 'by_code',
  };
}
