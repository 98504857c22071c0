import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { LOGGER } from '../logging/logger.js';
import { CircuitBoard } from './circuit.board.js';
import { nextCircuit, type Circuit, type CircuitEvent } from './circuit.policy.js';
import type { CircuitScope } from './circuit.scope.js';
import { CircuitStore } from './circuit.store.js';
import { maskScope } from './circuit.story.js';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

/** Changes a circuit here at once and on disk soon after, however long that takes. Never throws. */
@Injectable()
export class CircuitWriter {
  constructor(
    private readonly board: CircuitBoard,
    private readonly store: CircuitStore,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Lets an event happen. @returns what it makes of the circuit on this replica, before anything is written. */
  happen(scope: CircuitScope, event: CircuitEvent): Circuit {
    const before = this.board.get(scope);
    const timing = { probeMs: this.configuration.env.INCIDENT_PROBE_MS };
    const after = nextCircuit(before, event, this.clock.now(), timing);
    if (after === before) return before;
    this.board.changeHere(scope, after);
    const cause = after.state === 'closed' ? null : after.cause;
    this.log.warn({ circuit: maskScope(scope), from: before.state, to: after.state, cause }, 'circuit changed');
    void this.save(scope, event);
    return after;
  }

  private async save(scope: CircuitScope, event: CircuitEvent): Promise<void> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        const { after } = await this.store.change(scope, event);
        this.board.saved(scope, after);
        return;
      } catch (error) {
        this.log.error({ err: error, circuit: maskScope(scope) }, 'a circuit could not be saved yet; trying again');
        // Nothing waits for it at the end of the process: whoever sends next finds out anew.
        await delay(wait, undefined, { ref: false });
      }
    }
  }
}
