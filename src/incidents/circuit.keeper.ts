import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox } from '../outbox/outbox.js';
import { loggableError } from '../problems/loggable-error.js';
import { CircuitBoard, type KnownCircuit } from './circuit.board.js';
import { CIRCUIT_LIMITS, isWaitedOut } from './circuit.policy.js';
import { CircuitProbe } from './circuit.probe.js';
import { CircuitRamp } from './circuit.ramp.js';
import { accountScope, liesWithin } from './circuit.scope.js';
import { CircuitWriter } from './circuit.writer.js';
import { Paces } from './paces.js';
import { Rounds } from '../concurrency/rounds.js';
import { Strays } from './strays.js';

const IDLE_MS = 500;
const SHORTEST_MS = 20;

/**
 * Releases held work: the probe of an open circuit when it is due, and the growing steps of a recovering one. Every
 * worker checks; the one whose compare-and-set on the circuit's row wins, by the database's clock, acts.
 */
@Injectable()
export class CircuitKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  private readonly strays: Strays;

  constructor(
    private readonly board: CircuitBoard,
    private readonly probe: CircuitProbe,
    private readonly ramp: CircuitRamp,
    private readonly writer: CircuitWriter,
    private readonly outbox: Outbox,
    private readonly clock: DatabaseClock,
    paces: Paces,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.strays = new Strays((id) => board.find(id) !== undefined || paces.find(id) !== undefined);
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: loggableError(error) }, 'the keeper of the circuits failed; the next round follows'),
    );
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE === 'api') return;
    this.board.onStateChange(() => this.rounds.nudge());
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  private async round(): Promise<number> {
    const holders = await this.outbox.holders();
    let waitMs: number = IDLE_MS;
    for (const known of this.board.known()) {
      waitMs = Math.min(waitMs, await this.attend(known, holders));
    }
    await this.releaseStrays(holders);
    return Math.max(SHORTEST_MS, waitMs);
  }

  /** @returns milliseconds until it needs attention again. */
  private async attend(known: KnownCircuit, holders: ReadonlySet<string>): Promise<number> {
    const { id, scope, circuit } = known;
    if (circuit.state === 'open') {
      if (!holders.has(id)) {
        const incidentId = this.overElsewhere(known, holders);
        if (incidentId !== null) this.writer.happen(scope, { kind: 'others_recovered', incidentId });
        if (isWaitedOut(circuit, this.clock.now())) this.writer.happen(scope, { kind: 'waited_out' });
        return IDLE_MS;
      }
      if (circuit.nextProbeAt === null || this.isOvershadowed(known, holders)) return IDLE_MS;
      const dueInMs = circuit.nextProbeAt.getTime() - this.clock.now().getTime();
      if (dueInMs > 0) return dueInMs;
      const sent = await this.probe.send(id, scope, circuit);
      return sent ? Math.min(IDLE_MS, this.configuration.env.INCIDENT_PROBE_MS) : IDLE_MS;
    }
    if (circuit.state === 'closed' && !holders.has(id)) return IDLE_MS;
    await this.ramp.step(known);
    return CIRCUIT_LIMITS.stepMs / 2;
  }

  /**
   * Whether a wider circuit would block this one's probe and either sends its own or waits for an operator. A wider
   * circuit that holds nothing to probe with takes over the probe from here.
   */
  private isOvershadowed({ scope }: KnownCircuit, holders: ReadonlySet<string>): boolean {
    const account = accountScope(this.configuration.twilio.accountSid);
    return this.board
      .known()
      .some(
        ({ id, scope: wider, circuit }) =>
          circuit.state === 'open' &&
          liesWithin(scope, wider, account) &&
          (circuit.nextProbeAt === null || holders.has(id)),
      );
  }

  /**
   * The incident of a circuit that holds nothing to probe with, if the incident's other resources have since recovered;
   * else null. Only their own sends prove that: an operator may close a circuit while the provider is still down.
   */
  private overElsewhere({ circuit }: KnownCircuit, holders: ReadonlySet<string>): string | null {
    if (circuit.state !== 'open' || circuit.cause !== 'incident') return null;
    const { incidentId, openedAt } = circuit;
    if (incidentId === null) return null;
    const all = this.board.known();
    const oneRecovered = all.some(
      ({ circuit: other }) =>
        other.state === 'closed' && other.recoveredFrom === incidentId && other.changedAt > openedAt,
    );
    const oneStillAtIt = all.some(
      ({ id, circuit: other }) =>
        other.state !== 'closed' && other.incidentId === incidentId && (other.state === 'half_open' || holders.has(id)),
    );
    return oneRecovered && !oneStillAtIt ? incidentId : null;
  }

  private async releaseStrays(holders: ReadonlySet<string>): Promise<void> {
    for (const holdId of this.strays.among(holders, performance.now())) {
      const { released } = await this.outbox.topUpReleased(holdId, CIRCUIT_LIMITS.largestStep);
      if (released > 0) this.log.warn({ holdId, released }, 'work was held by nothing that exists; it is let out');
    }
  }
}
