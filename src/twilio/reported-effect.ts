import { isFailingStatus } from './classification.js';
import type { TwilioResource } from './resource.js';

interface ReportedStatus {
  readonly resource: TwilioResource;
  /** MessageStatus or CallStatus, in the provider's words. */
  readonly status: string;
}

/** What a status means for the delivery. `noted`: on its way, proof of acceptance and nothing more. */
export type ReportedEffect = 'noted' | 'delivered' | 'read' | 'failed';

/** The provider's words for what arrived; source: facts, section 4. */
const ARRIVALS: Readonly<Record<TwilioResource, Readonly<Record<string, 'delivered' | 'read'>>>> = {
  message: { delivered: 'delivered', partially_delivered: 'delivered', read: 'read' },
  call: { completed: 'delivered' },
};

/** Any word that says neither is `noted`, since new ones appear without notice. */
export function effectOf({ resource, status }: ReportedStatus): ReportedEffect {
  const arrivals = ARRIVALS[resource];
  const arrival = Object.hasOwn(arrivals, status) ? arrivals[status] : undefined;
  return arrival ?? (isFailingStatus(resource, status) ? 'failed' : 'noted');
}
