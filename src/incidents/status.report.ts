import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { LOGGER } from '../logging/logger.js';
import { readStatusPage, type StatusPageReading } from '../twilio/status-page.js';
import { loggableError } from '../problems/loggable-error.js';
import { IncidentTimeline } from './incident.timeline.js';

const TIMEOUT_MS = 5000;
/** A page may list very many incidents; the timeline quotes the first few. */
const QUOTED_INCIDENTS = 3;

/** Quotes the provider's own status page in the timeline of an incident. It never decides anything. */
@Injectable()
export class StatusReport {
  private reading: Promise<StatusPageReading> | null = null;

  constructor(
    private readonly timeline: IncidentTimeline,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Reads and quotes the page. Never throws; there is no need to wait for it. */
  async quote(incidentId: string): Promise<void> {
    if (this.configuration.twilio.statusUrl === '') return;
    try {
      await this.timeline.quote(incidentId, quotation(await this.read()));
    } catch (error) {
      this.log.warn({ err: loggableError(error), incidentId }, 'the status page could not be quoted');
    }
  }

  /** Concurrent readers share one request. */
  private read(): Promise<StatusPageReading> {
    this.reading ??= readStatusPage({
      url: this.configuration.twilio.statusUrl,
      componentNames: this.configuration.env.TWILIO_STATUS_COMPONENTS.split(','),
      timeoutMs: TIMEOUT_MS,
    }).finally(() => {
      this.reading = null;
    });
    return this.reading;
  }
}

/** What the page says, in a sentence. Pure. */
export function quotation(page: StatusPageReading): string {
  if (!page.reachable) return "The provider's status page could not be read.";
  const parts = [
    `"${page.description}"`,
    ...page.components.map(({ name, status }) => `${name}: ${status.replaceAll('_', ' ')}`),
    ...page.incidents
      .slice(0, QUOTED_INCIDENTS)
      .map(({ name, status, startedAt }) => `incident "${name}" (${status}${startedAt ? `, since ${startedAt}` : ''})`),
  ];
  const more = page.incidents.length - QUOTED_INCIDENTS;
  return `The provider's status page says: ${parts.join('; ')}${more > 0 ? ` and ${more} more` : ''}.`;
}
