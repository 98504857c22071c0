import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The dead letters of an incident in the order in which they are listed and replayed. Without it, every page and every step
 * of a replay sorted all of them: PostgreSQL thinks them few, since they came together and it has not looked since. Outside
 * of a transaction, since it is built beside running replicas; each step can be repeated where a run was broken off.
 */
export class IncidentDeadLetters1763801000000 implements MigrationInterface {
  readonly name = 'IncidentDeadLetters1763801000000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS dead_letters_of_incident');
    await db.query(`
      CREATE INDEX CONCURRENTLY dead_letters_of_incident ON dead_letters (incident_id, id)
        WHERE incident_id IS NOT NULL`);
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS dead_letters_incident');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS dead_letters_incident');
    await db.query(
      'CREATE INDEX CONCURRENTLY dead_letters_incident ON dead_letters (incident_id) WHERE incident_id IS NOT NULL',
    );
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS dead_letters_of_incident');
  }
}
