import type { Client } from 'pg';

interface Refusal {
  readonly table: string;
  /** What is refused. Default: INSERT. */
  readonly on?: 'INSERT' | 'UPDATE';
  /** Of which rows, in SQL; they are `NEW` and, on UPDATE, `OLD`. Default: all. */
  readonly when?: string;
  /** Default: that of a fault which nobody expects. */
  readonly sqlState?: string;
  readonly says?: string;
  /** The statement is taken, and its commit refused. */
  readonly atCommit?: boolean;
}

interface Refusing {
  /** How often it has refused. */
  readonly times: () => Promise<number>;
  /** Takes everything from now on. */
  readonly mend: () => Promise<void>;
}

/** What PostgreSQL says when a disk is full: it passes. */
export const NO_ROOM = { sqlState: '53100', says: 'no room on the disk' } as const;

let refusals = 0;

/** From now on the database refuses such rows. */
export async function refuse(
  database: Client,
  { table, on = 'INSERT', when = 'true', sqlState = 'P0001', says = 'no', atCommit = false }: Refusal,
): Promise<Refusing> {
  refusals += 1;
  const name = `refuse_${refusals}`;
  const trigger = atCommit ? 'CONSTRAINT TRIGGER' : 'TRIGGER';
  const moment = atCommit ? `AFTER ${on} ON ${table} DEFERRABLE INITIALLY DEFERRED` : `BEFORE ${on} ON ${table}`;
  // A sequence counts on where the transaction is rolled back.
  await database.query(`
    CREATE SEQUENCE ${name}_times;
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM nextval('${name}_times');
        RAISE EXCEPTION USING MESSAGE = '${says}', ERRCODE = '${sqlState}';
      END $$;
    CREATE ${trigger} ${name} ${moment} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION ${name}()`);
  return {
    times: async () => {
      const { rows } = await database.query<{ times: number }>(
        `SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS times FROM ${name}_times`,
      );
      return rows[0]?.times ?? 0;
    },
    mend: async () => {
      await database.query(`DROP TRIGGER ${name} ON ${table}; DROP FUNCTION ${name}; DROP SEQUENCE ${name}_times`);
    },
  };
}

/**
 * From now on whatever decides something about these notifications fails at the database, as it does on rows that no
 * statement can digest.
 */
export function refuseDecisions(database: Client, ids: readonly string[]): Promise<Refusing> {
  return refuse(database, {
    table: 'decisions',
    when: `NEW.notification_id = ANY ('{${ids.join()}}')`,
    sqlState: '22P05',
    says: 'a row with 493021 in it',
  });
}
