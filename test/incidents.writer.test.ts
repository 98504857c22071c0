import { describe, expect, it } from 'vitest';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import type { CircuitScope } from '../src/incidents/circuit.scope.js';
import { CircuitWriter } from '../src/incidents/circuit.writer.js';
import type { RunningService } from '../src/service.js';
import { startTestService } from './support/service.js';
import { partOf } from './support/part-of.js';

/** "The disk is full": the database can take it again at any moment. */
const PASSING = '53100';
/** What a RAISE in a trigger says by default. */
const REFUSED = 'P0001';

/** Nothing acts by itself here: no worker runs. */
async function start() {
  const test = await startTestService({ ROLE: 'api' });
  await test.database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval(TG_ARGV[0]) <= TG_ARGV[1]::int THEN RAISE EXCEPTION 'no' USING ERRCODE = TG_ARGV[2]; END IF;
      RETURN NEW;
    END $$`);
  return {
    ...test,
    /** The database does not open this circuit the first so many times. @returns what makes it open it again */
    refuses: async (scope: CircuitScope, times: number, sqlstate: string) => {
      const name = scope.replace(':', '_');
      // Counted in a sequence, which no rollback undoes.
      await test.database.query(`
        CREATE SEQUENCE tries_${name};
        CREATE TRIGGER refuse_${name} BEFORE UPDATE ON circuits FOR EACH ROW
          WHEN (NEW.scope = '${scope}' AND NEW.state = 'open')
          EXECUTE FUNCTION refuse('tries_${name}', '${times}', '${sqlstate}')`);
      return () => test.database.query(`DROP TRIGGER refuse_${name} ON circuits`);
    },
    onDisk: async (scope: CircuitScope) =>
      (await test.database.query<{ state: string }>('SELECT state FROM circuits WHERE scope = $1', [scope])).rows[0]
        ?.state,
  };
}

const opens = (service: RunningService, scope: CircuitScope) =>
  partOf(service, CircuitWriter).happen(scope, { kind: 'operator_opens', reason: 'test' });
const here = (service: RunningService, scope: CircuitScope) => partOf(service, CircuitBoard).get(scope).state;

describe('a change of a circuit that the database does not take', () => {
  it.each([
    ['cannot', PASSING],
    ['refuses to', REFUSED],
  ])('is in force here at once, and on disk as soon as it takes it: it %s at first', async (_, sqlstate) => {
    const { service, refuses, onDisk } = await start();
    await refuses('resource:sms', 2, sqlstate);
    opens(service, 'resource:sms');
    expect(here(service, 'resource:sms')).toBe('open');
    await expect.poll(() => onDisk('resource:sms')).toBe('open');
    expect(here(service, 'resource:sms')).toBe('open');
  });

  it('is tried for as long as the database cannot, and given up where that refuses it again and again', async () => {
    const test = await start();
    const { service, refuses, onDisk } = test;
    const other = await test.replica();
    await refuses('resource:sms', 11, PASSING);
    const takesAgain = await refuses('resource:voice', 1000, REFUSED);
    opens(service, 'resource:sms');
    opens(other, 'resource:voice');
    expect([here(service, 'resource:sms'), here(other, 'resource:voice')]).toEqual(['open', 'open']);
    // As it is on disk, and what happens next is saved.
    await expect.poll(() => here(other, 'resource:voice')).toBe('closed');
    await takesAgain();
    opens(other, 'resource:voice');
    await expect.poll(() => onDisk('resource:voice')).toBe('open');
    await expect.poll(() => onDisk('resource:sms')).toBe('open');
    expect(here(service, 'resource:sms')).toBe('open');
  });
});
