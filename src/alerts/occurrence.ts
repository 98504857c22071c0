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
  /** Null when nothing failed at the provider: it was held, suppressed, or its content was gone. */
  readonly failure: OccurredFailure | null;
  /** True when the provider just said so; false when a failure that is known already leads to another decision. */
  readonly fresh: boolean;
  readonly step: NextStepKind;
  /** True when the channel has nothing more to give: no retry is left, or what it had accepted failed. */
  readonly exhausted: boolean;
  /** The incident that holds it, or else the circuit. Also null if that let it out before: then it is counted already. */
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
