import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Outbox } from '../outbox/outbox.js';
import type { KnownCircuit } from './circuit.board.js';
import { CIRCUIT_LIMITS } from './circuit.policy.js';
import { COUNT_RELEASED, TAKE_STEP } from './circuit.store.sql.js';
import { CircuitWriter } from './circuit.writer.js';

/** Lets out, in growing steps, what a circuit still holds that is not open any more. */
@Injectable()
export class CircuitRamp {
  constructor(
    private readonly outbox: Outbox,
    private readonly writer: CircuitWriter,
    private readonly database: Database,
  ) {}

  /**
   * Takes the next step, if it is due and no other replica takes it. What an earlier step let out and nobody has sent yet is
   * part of it. The step that finds too little to let out is the last.
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
