import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Reads several tables through TypeORM as they stood at one moment. */
@Injectable()
export class Snapshots {
  constructor(private readonly dataSource: DataSource) {}

  /** All that `work` reads through this manager is as of its first statement. It must not write. */
  read<T>(work: (snapshot: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', work);
  }
}
