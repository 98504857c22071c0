import { Inject, Injectable } from '@nestjs/common';
import { Semaphore, type SemaphoreInterface, withTimeout } from 'async-mutex';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { CONNECT_MS } from './data-source.js';
import { OverloadedError } from './overloaded.error.js';

/**
 * Reads that may have to look through many rows: lists with filters, counts, previews. A third of the pool's connections
 * at most serve them, so that however many are asked for, and however slow they are, health checks, look-ups and
 * callbacks find a connection.
 */
@Injectable()
export class Searches {
  private readonly turns: Semaphore;
  private readonly turnsSoon: SemaphoreInterface;

  constructor(@Inject(CONFIGURATION) { env }: Pick<Configuration, 'env'>) {
    this.turns = new Semaphore(Math.max(1, Math.floor(env.DATABASE_POOL_MAX / 3)));
    this.turnsSoon = withTimeout(this.turns, CONNECT_MS, new OverloadedError('The search'));
  }

  /** @throws OverloadedError if the search would begin only after more than {@link CONNECT_MS} */
  run<Found>(search: () => Promise<Found>): Promise<Found> {
    return this.turnsSoon.runExclusive(search);
  }

  /** For the next part of an answer that has begun, which should not break off: waits as long as it takes. */
  goOn<Found>(search: () => Promise<Found>): Promise<Found> {
    return this.turns.runExclusive(search);
  }
}
