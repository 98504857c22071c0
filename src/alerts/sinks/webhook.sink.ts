import { Webhook } from 'standardwebhooks';
import { InvalidEnvironmentError } from '../../config/environment.error.js';
import { headline, newsId, type AlertNews } from '../alert.news.js';
import { KINDS } from '../alert.kinds.js';
import type { Sink } from './sink.js';
import type { SinkHttp } from './sink.http.js';

/**
 * A POST as in Standard Webhooks (standardwebhooks.com), signed if there is a secret: `webhook-id` is the same for every
 * try of one piece of news. Payload: docs/operations/alerts.md.
 */
export class WebhookSink implements Sink {
  readonly name = 'webhook';
  readonly updateAfterMs = 60_000;
  readonly repeatAfterMs = null;
  private readonly url: URL;
  private readonly webhook: Webhook | null;

  /**
   * @param secret `whsec_…` in base64, or any text; null signs nothing
   * @throws InvalidEnvironmentError when it is neither
   */
  constructor(
    url: string,
    private readonly secret: string | null,
    private readonly http: SinkHttp,
  ) {
    this.url = new URL(url);
    this.webhook = secret === null ? null : webhookOf(secret);
  }

  async tell(news: AlertNews): Promise<void> {
    const id = newsId(news);
    const now = new Date();
    const body = JSON.stringify({
      type: `alert.${news.change}`,
      timestamp: news.updatedAt.toISOString(),
      data: dataOf(news),
    });
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      ...(this.webhook && { 'webhook-signature': this.webhook.sign(id, now, body) }),
    };
    await this.http.post(this.url, body, headers, this.secret === null ? [] : [this.secret]);
  }
}

function webhookOf(secret: string): Webhook {
  if (!secret.startsWith('whsec_')) return new Webhook(new TextEncoder().encode(secret), { format: 'raw' });
  try {
    return new Webhook(secret);
  } catch {
    const expected = 'whsec_ followed by base64, or any text that does not begin with whsec_';
    throw new InvalidEnvironmentError([{ variable: 'ALERT_WEBHOOK_SECRET', expected }]);
  }
}

function dataOf(news: AlertNews) {
  const { id, kind, cause, severity, summary, advice, count, facts, openedAt, resolvedAt, ending, link } = news;
  return {
    id,
    state: news.change === 'resolved' ? 'resolved' : 'open',
    kind,
    name: KINDS[kind].name,
    cause,
    severity,
    title: headline(news),
    summary,
    advice,
    count,
    facts,
    openedAt: openedAt.toISOString(),
    resolvedAt: news.change === 'resolved' ? (resolvedAt?.toISOString() ?? null) : null,
    ending: news.change === 'resolved' ? ending : null,
    link,
  };
}
