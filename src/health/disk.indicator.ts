import { statfs } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { databaseFolder } from '../embedded/database.folder.js';
import type { HealthIndicator, HealthReport } from './health-indicators.js';

/** PostgreSQL stops when it cannot write its log; this leaves a human time to act. */
const LEAST_FREE_BYTES = 512 * 1024 * 1024;

/** Free space on the disk of the embedded database. A database elsewhere is monitored where it runs. */
@Injectable()
export class DiskIndicator implements HealthIndicator {
  readonly name = 'disk';
  readonly watches: boolean;
  private readonly folder: string;

  constructor(@Inject(CONFIGURATION) { env }: Configuration) {
    this.watches = env.DATABASE_URL === undefined;
    this.folder = databaseFolder(env.DATA_DIR);
  }

  async check(): Promise<HealthReport> {
    const { bavail, blocks, bsize } = await statfs(this.folder);
    const freeBytes = bavail * bsize;
    return { up: freeBytes >= LEAST_FREE_BYTES, details: { freeBytes, totalBytes: blocks * bsize } };
  }
}
