import { KINDS } from '../alert.kinds.js';
import { headline, howMany, whatHappened, type AlertNews } from '../alert.news.js';
import type { Sink } from './sink.js';
import { below, type SinkHttp } from './sink.http.js';

/** PagerDuty truncates longer ones. */
const LONGEST_SUMMARY = 1024;

/** PagerDuty's Events API v2 (developer.pagerduty.com/docs/events-api-v2): one incident there per alert here. */
export class PagerDutySink implements Sink {
  readonly name = 'pagerduty';
  readonly updateAfterMs = 60_000;
  readonly repeatAfterMs = null;
  private readonly url: URL;

  constructor(
    baseUrl: string,
    private readonly routingKey: string,
    private readonly source: string,
    private readonly http: SinkHttp,
  ) {
    this.url = below(baseUrl, '/v2/enqueue');
  }

  async tell(news: AlertNews): Promise<void> {
    const event = { routing_key: this.routingKey, dedup_key: `postrider-${news.id}` };
    const body =
      news.change === 'resolved' ? { ...event, event_action: 'resolve' } : { ...event, ...this.trigger(news) };
    await this.http.post(this.url, JSON.stringify(body), {}, [this.routingKey]);
  }

  private trigger(news: AlertNews) {
    const { severity, kind, cause, advice, count, facts, openedAt, link } = news;
    return {
      event_action: 'trigger',
      client: 'Postrider',
      client_url: link,
      links: [{ href: link, text: 'The alert in Postrider' }],
      payload: {
        summary: `Postrider ${headline(news)}. ${whatHappened(news)}`.slice(0, LONGEST_SUMMARY),
        source: this.source,
        severity,
        timestamp: openedAt.toISOString(),
        component: 'postrider',
        group: kind,
        class: KINDS[kind].name,
        custom_details: { what_to_do: advice, how_many: howMany(news), count, cause, ...facts },
      },
    };
  }
}
