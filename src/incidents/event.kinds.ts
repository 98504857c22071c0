/** The kinds of events in an incident's timeline. */
export const EVENT_KINDS = [
  'opened',
  'extended',
  'status_page',
  'probe_sent',
  'probe_failed',
  'half_open',
  'reopened',
  'overruled',
  'circuit_closed',
  'closed',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];
