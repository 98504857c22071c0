import { isFailingStatus } from './classification.js';
import type { TwilioResource } from './resource.js';

interface ReportedStatus {
  readonly resource: TwilioResource;
  /** MessageStatus or CallStatus, in the provider's words. */
  readonly status: string;
}

/** What a status means for the delivery. `noted`: on its way, which proves acceptance and nothing more. */
export type ReportedEffect = 'noted' | 'delivered' | 'read' | 'failed';

/** The provider's statuses for arrival; source: facts, section 4. */
const ARRIVALS: Readonly<Record<TwilioResource, Readonly<Record<string, 'delivered' | 'read'>>>> = {
  message: { delivered: 'delivered', partially_delivered: 'delivered', read: 'read' },
  call: { completed: 'delivered' },
};

/** Any other status is `noted`, since new ones appear without notice. */
export function effectOf({ resource, status }: ReportedStatus): ReportedEffect {
  const arrivals = ARRIVALS[resource];
  const arrival = Object.hasOwn(arrivals, status) ? arrivals[status] : undefined;
  return arrival ?? (isFailingStatus(resource, status) ? 'failed' : 'noted');
}
