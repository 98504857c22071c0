import { inject } from 'vitest';
import { createDatabase, type TestDatabase } from './test.database.js';

export type { TestDatabase };

/** A new, empty database of its own for a test file or a test, on the run's real PostgreSQL. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(inject('postgresUrl'));
}

/** The same with the service's schema: a copy of the one that the service's own migrations made when the run began. */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  return await createDatabase(inject('postgresUrl'), inject('migratedDatabase'));
}
