import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import type { Channel } from '../policy/vocabulary.js';
import { loggableError } from '../problems/loggable-error.js';
import { HealthWindow, type HealthCount } from './health.window.js';
import { IncidentOpener } from './incident.opener.js';
import { newIncident, spreadOfIncident, type ResourceHealth } from './incident.policy.js';
import { ADD_HEALTH, FORGET_HEALTH, READ_HEALTH } from './provider.health.sql.js';

/** How long counts may stay unshared, in milliseconds: faults are urgent, the rest is only needed for the ratio. */
const TELL_FAULTS_MS = 250;
const TELL_MS = 1000;

/** Counts the results of attempts across all replicas, and detects incidents. */
@Injectable()
export class ProviderHealth implements BeforeApplicationShutdown {
  private readonly window: HealthWindow;
  private lastRule = '';
  private undecided = false;
  private telling: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private tellAt = Number.POSITIVE_INFINITY;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly opener: IncidentOpener,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    const { INCIDENT_WINDOW_MS, INCIDENT_THRESHOLD } = configuration.env;
    this.window = new HealthWindow(INCIDENT_WINDOW_MS, INCIDENT_THRESHOLD);
  }

  /** Counts an attempt. @param faultRule the rule that made it a provider fault; null if it was none */
  count(resource: Channel, faultRule: string | null): void {
    const now = performance.now();
    this.window.count(resource, faultRule !== null, now);
    if (faultRule === null) return this.tellWithin(TELL_MS);
    this.lastRule = faultRule;
    this.undecided = true;
    this.tellWithin(this.window.couldBeIncident(now) ? 0 : TELL_FAULTS_MS);
  }

  /** Deletes counts older than any window. */
  async forget(): Promise<void> {
    await this.database.run(FORGET_HEALTH, [2 * this.configuration.env.INCIDENT_WINDOW_MS + 60_000]);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.telling;
  }

  private tellWithin(ms: number): void {
    const at = performance.now() + ms;
    if (this.stopped || at >= this.tellAt) return;
    if (this.timer) clearTimeout(this.timer);
    this.tellAt = at;
    this.timer = setTimeout(() => this.tellNow(), ms);
    this.timer.unref();
  }

  private tellNow(): void {
    this.timer = null;
    // One at a time: counts made meanwhile are shared next time.
    this.telling ??= this.tellAndGoOn();
  }

  private async tellAndGoOn(): Promise<void> {
    const told = await this.tell();
    this.telling = null;
    this.tellAt = Number.POSITIVE_INFINITY;
    if (this.undecided) this.tellWithin(told && this.window.couldBeIncident(performance.now()) ? 0 : TELL_FAULTS_MS);
    else if (this.window.hasUntold) this.tellWithin(TELL_MS);
  }

  /** @returns false if the database failed; then there is still something to share */
  private async tell(): Promise<boolean> {
    // A fault that is counted while this one is under way is shared, and so judged, with the next.
    const { undecided } = this;
    this.undecided = false;
    try {
      await this.share(this.window.takeUntold());
      if (undecided) await this.judge();
      return true;
    } catch (error) {
      this.undecided = true;
      this.log.warn({ err: loggableError(error) }, 'the health of the provider could not be shared yet; trying again');
      return false;
    }
  }

  private async share(counts: readonly HealthCount[]): Promise<void> {
    if (counts.length === 0) return;
    try {
      await this.database.run(ADD_HEALTH, [
        this.configuration.bootId,
        counts.map(({ resource }) => resource),
        counts.map(({ attempts }) => attempts),
        counts.map(({ faults }) => faults),
      ]);
    } catch (error) {
      this.window.putBack(counts);
      throw error;
    }
  }

  private async judge(): Promise<void> {
    const { INCIDENT_WINDOW_MS, INCIDENT_THRESHOLD } = this.configuration.env;
    const health = await this.database.run<ResourceHealth & { isRunning: boolean }>(READ_HEALTH, [INCIDENT_WINDOW_MS]);
    const isRunning = health.some((resource) => resource.isRunning);
    const affected = (isRunning ? spreadOfIncident : newIncident)(health, INCIDENT_THRESHOLD);
    if (affected.length > 0) await this.opener.open({ affected, lastRule: this.lastRule });
  }
}
