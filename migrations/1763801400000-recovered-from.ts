import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which incident a closed circuit's own sends proved over, so that its other resources may end with it. Null where an
 * operator closed it, and where a replica of an older version did: then nothing else ends because of it.
 */
export class RecoveredFrom1763801400000 implements MigrationInterface {
  readonly name = 'RecoveredFrom1763801400000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE circuits ADD COLUMN recovered_from uuid');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE circuits DROP COLUMN recovered_from');
  }
}
