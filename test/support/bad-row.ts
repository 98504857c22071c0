import type { Client } from 'pg';

/**
 * From now on whatever decides something about these notifications fails at the database, as it does on rows that no
 * statement can digest. @returns what mends them
 */
export async function refuseDecisions(database: Client, ids: readonly string[]): Promise<() => Promise<void>> {
  await database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION USING MESSAGE = 'a row with 493021 in it', ERRCODE = '22P05'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON decisions FOR EACH ROW
      WHEN (NEW.notification_id = ANY ('{${ids.join()}}')) EXECUTE FUNCTION refuse()`);
  return async () => {
    await database.query('DROP TRIGGER refuse ON decisions; DROP FUNCTION refuse');
  };
}
