import type { FailureScope } from '../../policy/failure.js';
import type { ErrorClass, ResponsibleParty } from '../../policy/vocabulary.js';

/** What the policy leaves to each code of a class, and what a row gets when it says nothing else. */
export interface ClassDefaults {
  readonly responsible: ResponsibleParty;
  readonly scope: FailureScope;
  /** `code`: every row of the class answers for itself. `class`: the policy table does, rows say `by_class`. */
  readonly sameChannelDecidedBy: 'class' | 'code';
  readonly otherChannelDecidedBy: 'class' | 'code';
}

/**
 * Responsible, scope, who decides about the same channel, who decides about another one. Source: contract section 5.
 * `channel_unavailable` is the recipient's or the operator's: its rows say which.
 */
export const CLASS_DEFAULTS: Readonly<Record<ErrorClass, ClassDefaults>> = {
  invalid_request: defaults('caller', 'message', 'class', 'code'),
  authentication: defaults('operator', 'account', 'class', 'class'),
  permission: defaults('operator', 'message', 'class', 'code'),
  not_found: defaults('caller', 'message', 'class', 'class'),
  rate_limited: defaults('provider', 'sender', 'class', 'class'),
  quota_exhausted: defaults('operator', 'account', 'class', 'class'),
  provider_fault: defaults('provider', 'message', 'class', 'class'),
  recipient_unreachable: defaults('recipient', 'recipient', 'code', 'code'),
  channel_unavailable: defaults('operator', 'message', 'class', 'class'),
  content_rejected: defaults('caller', 'message', 'class', 'code'),
  opted_out: defaults('recipient', 'recipient', 'class', 'class'),
};

function defaults(
  responsible: ResponsibleParty,
  scope: FailureScope,
  sameChannelDecidedBy: 'class' | 'code',
  otherChannelDecidedBy: 'class' | 'code',
): ClassDefaults {
  return { responsible, scope, sameChannelDecidedBy, otherChannelDecidedBy };
}
