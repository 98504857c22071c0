import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Database } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import { TOUCH_KEY } from './api-key.sql.js';

const INTERVAL_MS = 60_000;

/** Records when a key was last used, in the background: no request waits for it. */
@Injectable()
export class KeyUse {
  /** By key id, so it never holds more entries than there are keys; times of the monotonic clock. */
  private readonly notedAt = new Map<string, number>();

  constructor(
    private readonly database: Database,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  note(keyId: string): void {
    const now = performance.now();
    const before = this.notedAt.get(keyId);
    if (before !== undefined && now - before < INTERVAL_MS) return;
    this.notedAt.set(keyId, now);
    this.database.run(TOUCH_KEY, [keyId]).catch((error: unknown) => {
      this.log.warn({ keyId, err: loggableError(error) }, 'cannot note the last use of an API key');
    });
  }
}
