import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { LOGGER } from '../logging/logger.js';
import { isPassingDatabaseFailure } from '../problems/database-failure.js';
import { loggableError } from '../problems/loggable-error.js';
import { CircuitBoard } from './circuit.board.js';
import { nextCircuit, type CircuitEvent } from './circuit.policy.js';
import type { CircuitScope } from './circuit.scope.js';
import { CircuitStore } from './circuit.store.js';
import { maskScope } from './circuit.story.js';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;
/** Limit for failures while the database is up: they would repeat forever and keep later changes from being saved. */
const TRIES = 10;

/**
 * Changes circuits in memory at once and in the database soon after, in order, however long that takes. Never throws.
 */
@Injectable()
export class CircuitWriter {
  private saved: Promise<void> = Promise.resolve();

  constructor(
    private readonly board: CircuitBoard,
    private readonly store: CircuitStore,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Applies an event: when this returns, it is in force on this replica. */
  happen(scope: CircuitScope, event: CircuitEvent): void {
    const before = this.board.get(scope);
    const after = nextCircuit(before, event, this.clock.now(), this.configuration.env.INCIDENT_PROBE_MS);
    if (after === before) return;
    this.board.changeHere(scope, after);
    const cause = after.state === 'closed' ? null : after.cause;
    this.log.warn({ circuit: maskScope(scope), from: before.state, to: after.state, cause }, 'circuit changed');
    this.saved = this.saved.then(() => this.save(scope, event));
  }

  private async save(scope: CircuitScope, event: CircuitEvent): Promise<void> {
    let wait = FIRST_WAIT_MS;
    for (let tries = 1; ; tries += 1, wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        const { after } = await this.store.change(scope, event);
        return this.board.saved(scope, after);
      } catch (error) {
        const hopeless = tries >= TRIES && !isPassingDatabaseFailure(error);
        this.log.error(
          { err: loggableError(error), circuit: maskScope(scope), hopeless },
          'a circuit could not be saved',
        );
        if (hopeless) return this.board.saved(scope, this.board.get(scope));
        // Shutdown does not wait for this: the next sender notices the problem again.
        await delay(wait, undefined, { ref: false });
      }
    }
  }
}
