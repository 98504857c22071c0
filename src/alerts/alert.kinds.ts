/** From worst to mildest. PagerDuty and Alertmanager use the same words. */
export const SEVERITIES = ['critical', 'error', 'warning'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const ALERT_KINDS = [
  'incident',
  'authentication',
  'quota',
  'rate_limit',
  'sender_unavailable',
  'exhausted',
  'request_errors',
  'backlog',
  'test',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export interface KindOfAlert {
  /** Alertmanager's `alertname`, to which its rules and silences refer. */
  readonly name: `Postrider${string}`;
  /** A headline. */
  readonly title: string;
  /** What is counted, in the singular and in the plural. */
  readonly counts: readonly [string, string];
  /** What to do, unless something more precise is known. */
  readonly advice: string;
}

/** What follows once a locked sender is in order. */
export const CLOSE_IT =
  "Then close the sender's circuit: what it holds goes out. What was refused before it opened waits in the review queue.";

/** What on-call is told for each kind. */
export const KINDS = {
  incident: {
    name: 'PostriderIncident',
    title: 'The provider has an incident',
    counts: ['send was held or failed', 'sends were held or failed'],
    advice:
      "Watch the incident's timeline and the provider's status page. Nothing has to be started again: what is held goes out by itself after the first success. Look through the dead letters of the incident then.",
  },
  authentication: {
    name: 'PostriderAuthenticationRefused',
    title: 'The provider refuses the credentials',
    counts: ['send was refused or held', 'sends were refused or held'],
    advice:
      "Check the credentials (TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN or the API key) and that the account is active and funded. Start again with working ones, or close the account's circuit: what is held goes out then.",
  },
  quota: {
    name: 'PostriderQuotaExhausted',
    title: "The account's quota is used up",
    counts: ['send was refused or held', 'sends were refused or held'],
    advice:
      'Ask the provider for more, or wait until the quota resets: what is held goes out by itself then. What expires meanwhile is lost.',
  },
  rate_limit: {
    name: 'PostriderRateLimited',
    title: 'A sender has been rate-limited for a long time',
    counts: ['send was given up or held', 'sends were given up or held'],
    advice:
      'Set SENDER_RATES of the sender to what the provider allows, or ask the provider for a higher rate. What is held goes out by itself; what used up its retries waits in the review queue.',
  },
  sender_unavailable: {
    name: 'PostriderSenderUnavailable',
    title: 'A sender cannot send',
    counts: ['send was refused or held', 'sends were refused or held'],
    advice: `Put the sender in order in the provider's console, or with the channel's own support: the error catalogue (GET /v1/admin/errors?q=<code>) says what the code asks for. ${CLOSE_IT}`,
  },
  exhausted: {
    name: 'PostriderSendsExhausted',
    title: 'Sends used up their retries',
    counts: ['send used up its retries', 'sends used up their retries'],
    advice:
      "Look at the provider's status page and at the failure history. What had no other channel left waits in the review queue: retry it once the provider is well.",
  },
  request_errors: {
    name: 'PostriderRequestErrors',
    title: 'The provider refuses requests',
    counts: ['refusal', 'refusals'],
    advice: 'Look at the failure history for what these requests have in common, and correct it where it is made.',
  },
  backlog: {
    name: 'PostriderBacklog',
    title: 'Due notifications are not sent in time',
    counts: ['notification is due', 'notifications are due'],
    advice:
      'Check that workers run and reach the database and the provider (/health). If they do, they are too slow: start more of them, or raise DISPATCH_CONCURRENCY or SENDER_RATES.',
  },
  test: {
    name: 'PostriderTest',
    title: 'This is a test, nothing is wrong',
    counts: ['test', 'tests'],
    advice: 'Nothing has to be done: somebody is testing whether alerts reach you. The test ends by itself.',
  },
} as const satisfies Record<AlertKind, KindOfAlert>;

/** A grouped alert without an end of its own is over after this long without another occurrence. */
export const QUIET_MINUTES = 15;

/**
 * A test is over after this long. Not at once: Alertmanager gathers related alerts for its `group_wait` (30 s unless
 * configured otherwise), and tells nobody of those that are over by then.
 */
export const TEST_MINUTES = 2;
