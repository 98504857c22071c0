import { headline, howMany, whatHappened, type AlertNews } from '../alert.news.js';
import type { Sink } from './sink.js';
import type { SinkHttp } from './sink.http.js';

/** A Slack incoming webhook (api.slack.com/messaging/webhooks), or whatever understands the same `text`. */
export class SlackSink implements Sink {
  readonly name = 'slack';
  /** A message cannot be changed afterwards, and nobody reads a channel that scrolls by. */
  readonly updateAfterMs = 10 * 60_000;
  readonly repeatAfterMs = null;
  private readonly url: URL;

  constructor(
    url: string,
    private readonly http: SinkHttp,
  ) {
    this.url = new URL(url);
  }

  async tell(news: AlertNews): Promise<void> {
    await this.http.post(this.url, JSON.stringify({ text: slackText(news) }));
  }
}

function slackText(news: AlertNews): string {
  const lines = [`*Postrider ${escape(headline(news))}*`, escape(whatHappened(news)), `${escape(howMany(news))}.`];
  if (news.change !== 'resolved') lines.push(`*What to do:* ${escape(news.advice)}`);
  return [...lines, `<${news.link}|The alert in Postrider>`].join('\n');
}

/** Slack's three control characters. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
