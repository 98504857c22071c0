import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Reads through TypeORM what several tables tell together, as it stood at one moment. */
@Injectable()
export class Snapshots {
  constructor(private readonly dataSource: DataSource) {}

  /** All that `work` reads by this manager is of one moment: that of its first statement. It writes nothing. */
  read<T>(work: (snapshot: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', work);
  }
}
