import type { ReportedState } from '../callbacks/report.state.js';
import type { UnsuccessfulWork } from '../outbox/work.js';
import type { Classification, ProviderAnswer } from '../policy/failure.js';
import type { NextStep } from '../policy/next-step.js';
import type { Category, Channel, NextStepKind } from '../policy/vocabulary.js';

/** What went wrong, as far as alerts care. Holds no recipient and no content. */
export interface Occurrence {
  readonly notificationId: string;
  readonly channel: Channel;
  readonly sender: string;
  readonly category: Category;
  /** Null if nothing failed at the provider: it was held, suppressed, or its content was gone. */
  readonly failure: OccurredFailure | null;
  /** True if the provider just said so; false if a failure that is known already leads to another decision. */
  readonly fresh: boolean;
  readonly step: NextStepKind;
  /** True if the channel has nothing more to give: no retry is left, or a message it had accepted failed. */
  readonly exhausted: boolean;
  /** The incident or else circuit that holds it; also null if that circuit released it before, as it is counted. */
  readonly heldBy: string | null;
}

export interface OccurredFailure extends Pick<ProviderAnswer, 'httpStatus' | 'providerCode'> {
  readonly classification: Pick<Classification, 'errorClass' | 'scope' | 'rule'>;
}

export function occurrenceOfWork({ work, attempt, failure, step, incidentId, heldBy }: UnsuccessfulWork): Occurrence {
  const { notificationId, channel, category, sender } = work;
  return {
    notificationId,
    channel,
    category,
    sender,
    failure,
    fresh: attempt !== null,
    step: step.kind,
    exhausted: (step.kind === 'fallback' || step.kind === 'dead_letter') && step.exhausted === true,
    heldBy: heldBy !== undefined && heldBy === work.releasedBy ? null : (incidentId ?? heldBy ?? null),
  };
}

export function occurrenceOfCallback(
  { id, channel, category, sender }: ReportedState,
  providerCode: number | null,
  classification: Classification,
  step: NextStep,
): Occurrence {
  return {
    notificationId: id,
    channel,
    category,
    sender,
    failure: { httpStatus: null, providerCode, classification },
    fresh: true,
    step: step.kind,
    exhausted: step.kind === 'fallback' || step.kind === 'dead_letter',
    heldBy: null,
  };
}
