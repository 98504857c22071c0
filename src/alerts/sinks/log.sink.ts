import type { Logger } from 'pino';
import { headline, howMany, whatHappened, type AlertNews } from '../alert.news.js';
import type { Sink } from './sink.js';

const LEVELS = { critical: 'error', error: 'error', warning: 'warn' } as const;

/** A line in the log of the one replica whose turn it is. This sink always exists. */
export class LogSink implements Sink {
  readonly name = 'log';
  readonly updateAfterMs = 60_000;
  readonly repeatAfterMs = null;

  constructor(private readonly log: Logger) {}

  async tell(news: AlertNews): Promise<void> {
    const { id, change, kind, cause, severity, count, openedAt, resolvedAt, facts, link } = news;
    const level = change === 'resolved' ? 'info' : LEVELS[severity];
    this.log[level](
      { alert: change, alertId: id, kind, cause, severity, count, openedAt, resolvedAt, facts, link },
      `${headline(news)}. ${whatHappened(news)} ${howMany(news)}.`,
    );
  }
}
