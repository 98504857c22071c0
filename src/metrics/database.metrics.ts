import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { SEVERITIES } from '../alerts/alert.kinds.js';
import { SINK_NAMES } from '../alerts/sinks/sink.js';
import { PRIORITY } from '../outbox/work.js';
import { CATEGORIES } from '../policy/vocabulary.js';
import type { Readings } from './readings.js';

/** State that all replicas share, so each shows the same. In a registry of its own, which may be left out. */
@Injectable()
export class DatabaseMetrics {
  private readonly registry = new Registry();
  private readonly depth = this.gauge(
    'postrider_queue_depth',
    'Due notifications that nobody works on: not yet, or no more, since the process that did has died.',
    'category',
  );
  private readonly oldest = this.gauge(
    'postrider_queue_oldest_due_seconds',
    'How long the oldest of them has been due.',
    'category',
  );
  private readonly held = this.gauge('postrider_queue_held', 'Notifications that an open circuit or a pace holds.');
  private readonly circuits = this.gauge(
    'postrider_circuits_open',
    'Circuits that are not closed, by what they switch and why.',
    'scope',
    'cause',
  );
  private readonly incidents = this.gauge('postrider_incidents_open', 'Whether the provider has an incident.');
  private readonly deadLetters = this.gauge(
    'postrider_dead_letters_open',
    'Notifications in the review queue; 100000 if there are that many or more.',
  );
  private readonly oldestDeadLetter = this.gauge(
    'postrider_dead_letters_oldest_seconds',
    'How long the oldest of them has waited for a human; 0 if there is none.',
  );
  private readonly alerts = this.gauge('postrider_alerts_open', 'Open alerts.', 'severity');
  private readonly sinks = this.gauge(
    'postrider_alert_sink_failing',
    'Alerts whose news a sink did not take when it was last asked.',
    'sink',
  );

  /** The page's part, in the text format. */
  async render(readings: Readings): Promise<string> {
    for (const category of CATEGORIES) {
      const row = readings.backlog.find(({ priority }) => priority === PRIORITY[category]);
      this.depth.set({ category }, row?.depth ?? 0);
      this.oldest.set({ category }, row?.oldestSeconds ?? 0);
    }
    this.held.set(readings.held);
    this.circuits.reset();
    for (const { scope, cause, count } of readings.circuits) this.circuits.set({ scope, cause }, count);
    this.incidents.set(readings.incidents);
    this.deadLetters.set(readings.deadLetters);
    this.oldestDeadLetter.set(readings.oldestDeadLetterSeconds);
    for (const severity of SEVERITIES) {
      this.alerts.set({ severity }, readings.alerts.find((row) => row.severity === severity)?.count ?? 0);
    }
    for (const sink of SINK_NAMES) {
      this.sinks.set({ sink }, readings.sinks.find((row) => row.sink === sink)?.count ?? 0);
    }
    return this.registry.metrics();
  }

  private gauge<Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
