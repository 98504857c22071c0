import { Injectable } from '@nestjs/common';

/** What one part of the service reports about itself. */
export interface HealthReport {
  readonly up: boolean;
  /** Shown to anyone who asks /health: numbers and states, no names of people, no secrets. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface HealthIndicator {
  /** Its key in the response, such as `dispatcher`. */
  readonly name: string;
  /** Must answer soon, or it counts as down, as it does if it throws. */
  check(): Promise<HealthReport>;
}

/** The indicators that /health asks. Modules register theirs when they start. */
@Injectable()
export class HealthIndicators {
  private readonly registered = new Map<string, HealthIndicator>();

  register(indicator: HealthIndicator): void {
    if (this.registered.has(indicator.name)) throw new Error(`two health indicators are named ${indicator.name}`);
    this.registered.set(indicator.name, indicator);
  }

  all(): readonly HealthIndicator[] {
    return [...this.registered.values()];
  }
}
