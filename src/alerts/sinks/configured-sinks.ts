import type { Logger } from 'pino';
import type { Configuration } from '../../config/configuration.js';
import { AlertmanagerSink } from './alertmanager.sink.js';
import { LogSink } from './log.sink.js';
import { PagerDutySink } from './pagerduty.sink.js';
import { ALERTMANAGERS, type Sink } from './sink.js';
import type { SinkHttp } from './sink.http.js';
import { SlackSink } from './slack.sink.js';
import { WebhookSink } from './webhook.sink.js';

const UNSIGNED =
  'alerts go to ALERT_WEBHOOK_URL without a signature, so its receiver cannot tell who sent them: set ALERT_WEBHOOK_SECRET';

/**
 * The sinks that the environment names; the log is always one.
 * @throws InvalidEnvironmentError when the webhook's secret cannot be used.
 */
export function configuredSinks(
  { env, publicUrl }: Pick<Configuration, 'env' | 'publicUrl'>,
  http: SinkHttp,
  log: Logger,
): readonly Sink[] {
  const sinks: Sink[] = [new LogSink(log)];
  if (env.ALERT_WEBHOOK_URL) {
    if (!env.ALERT_WEBHOOK_SECRET) log.warn(UNSIGNED);
    sinks.push(new WebhookSink(env.ALERT_WEBHOOK_URL, env.ALERT_WEBHOOK_SECRET ?? null, http));
  }
  for (const [place, name] of ALERTMANAGERS.entries()) {
    const url = env.ALERTMANAGER_URL[place];
    if (url !== undefined) sinks.push(new AlertmanagerSink(name, url, http));
  }
  if (env.PAGERDUTY_ROUTING_KEY) {
    sinks.push(new PagerDutySink(env.PAGERDUTY_URL, env.PAGERDUTY_ROUTING_KEY, publicUrl, http));
  }
  if (env.SLACK_WEBHOOK_URL) sinks.push(new SlackSink(env.SLACK_WEBHOOK_URL, http));
  return sinks;
}
