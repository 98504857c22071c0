import { KINDS } from '../alert.kinds.js';
import { howMany, whatHappened, type AlertNews } from '../alert.news.js';
import type { ALERTMANAGERS, Sink } from './sink.js';
import { below, type SinkHttp } from './sink.http.js';

/** Alertmanager considers an alert over if it has heard nothing of it until its endsAt. */
const FORGOTTEN_AFTER_MS = 5 * 60_000;

/**
 * Alertmanager's API v2 (prometheus.io/docs/alerting/latest/clients). In a cluster, each instance must be told of each
 * alert: they agree on who notifies.
 */
export class AlertmanagerSink implements Sink {
  readonly updateAfterMs = 60_000;
  readonly repeatAfterMs = 60_000;
  private readonly url: URL;

  constructor(
    readonly name: (typeof ALERTMANAGERS)[number],
    baseUrl: string,
    private readonly http: SinkHttp,
  ) {
    this.url = below(baseUrl, '/api/v2/alerts');
  }

  async tell(news: AlertNews): Promise<void> {
    await this.http.post(this.url, JSON.stringify([alertmanagerAlert(news, new Date())]));
  }
}

/**
 * Labels are the identity, so they hold nothing that changes; a severity that grows makes another alert there, and the
 * lesser one is forgotten. Pure.
 * @param now of this host
 */
export function alertmanagerAlert(news: AlertNews, now: Date) {
  const { id, cause, kind, severity, openedAt, link } = news;
  return {
    labels: { alertname: KINDS[kind].name, service: 'postrider', severity, kind, cause, alert_id: id },
    annotations: {
      summary: KINDS[kind].title,
      description: `${whatHappened(news)} ${howMany(news)}.`,
      advice: news.advice,
      count: String(news.count),
    },
    startsAt: openedAt.toISOString(),
    endsAt: endsAt(news, now).toISOString(),
    generatorURL: link,
  };
}

/** A resolved alert must end in the past by Alertmanager's clock, not by the database's, and never before it began. */
function endsAt({ change, openedAt, resolvedAt }: AlertNews, now: Date): Date {
  if (change !== 'resolved') return new Date(now.getTime() + FORGOTTEN_AFTER_MS);
  const end = Math.min(resolvedAt?.getTime() ?? now.getTime(), now.getTime());
  return new Date(Math.max(openedAt.getTime(), end));
}
