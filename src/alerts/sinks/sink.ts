import type { AlertNews } from '../alert.news.js';

/** The instances of an Alertmanager cluster by their place in ALERTMANAGER_URL, which takes as many. */
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
  /** News of an alert it knows already are told this long after the last ones, at the earliest. */
  readonly updateAfterMs: number;
  /** An open alert is told again this often, for a receiver that forgets; null for one that does not. */
  readonly repeatAfterMs: number | null;
  /**
   * Tells the news; resolves once they were taken. May be asked again for the same news.
   * @throws SinkError when they were not taken; anything else counts as that, too.
   */
  tell(news: AlertNews): Promise<void>;
}

/** A sink did not take the news. The message is for operators: it holds no secret and no number. */
export class SinkError extends Error {
  override readonly name = 'SinkError';

  /** @param retryAfterMs how long it asks to be left alone; null where it does not say */
  constructor(
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}
