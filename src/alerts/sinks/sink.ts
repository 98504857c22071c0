import type { AlertNews } from '../alert.news.js';

/** The instances of an Alertmanager cluster by their place in ALERTMANAGER_URL, which takes this many at most. */
export const ALERTMANAGERS = [
  'alertmanager',
  'alertmanager_2',
  'alertmanager_3',
  'alertmanager_4',
  'alertmanager_5',
] as const;

export const SINK_NAMES = ['log', 'webhook', ...ALERTMANAGERS, 'pagerduty', 'slack'] as const;
export type SinkName = (typeof SINK_NAMES)[number];

/** Injection token of the sinks that the environment names: `readonly Sink[]`. */
export const SINKS = Symbol('SINKS');

/** Where on-call hears of alerts. */
export interface Sink {
  readonly name: SinkName;
  /** How long after the last news an update is told, at the earliest; a worse severity and the end do not wait. */
  readonly updateAfterMs: number;
  /** How often an open alert is repeated, for a receiver that forgets; null if it does not. */
  readonly repeatAfterMs: number | null;
  /**
   * Tells the news; resolves once it was taken. May be called again for the same news.
   * @throws SinkError if it was not taken; any other error counts as that, too.
   */
  tell(news: AlertNews): Promise<void>;
}

/** A sink did not take the news. The message is for operators: it holds no secret and no phone number. */
export class SinkError extends Error {
  override readonly name = 'SinkError';

  /** @param retryAfterMs how long it asks to be left alone; null if it does not say */
  constructor(
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}
