import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Outbox } from '../outbox/outbox.js';
import type { KnownCircuit } from './circuit.board.js';
import { CIRCUIT_LIMITS } from './circuit.policy.js';
import { COUNT_RELEASED, TAKE_STEP } from './circuit.store.sql.js';
import { CircuitWriter } from './circuit.writer.js';

/** Releases, in growing steps, the work still held by a circuit that is no longer open. */
@Injectable()
export class CircuitRamp {
  constructor(
    private readonly outbox: Outbox,
    private readonly writer: CircuitWriter,
    private readonly database: Database,
  ) {}

  /**
   * Takes the next step if it is due and no other replica takes it. Work that an earlier step released and nobody has
   * sent yet counts towards it. A step that finds too little to release is the last.
   */
  async step({ id, scope, circuit }: KnownCircuit): Promise<void> {
    const { stepMs, largestStep } = CIRCUIT_LIMITS;
    const [taken] = await this.database.run<{ ramp: number }>(TAKE_STEP, [id, stepMs, largestStep]);
    if (!taken) return;
    const { missing, released } = await this.outbox.topUpReleased(id, taken.ramp);
    if (released > 0) await this.database.run(COUNT_RELEASED, [id, released]);
    if (circuit.state === 'half_open' && released < missing) this.writer.happen(scope, { kind: 'drained' });
  }
}
