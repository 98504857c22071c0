import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NOTIFICATION_STATUSES, TRANSITIONS, type NotificationStatus } from '../src/policy/transitions.js';
import { createMigratedDatabase } from './support/postgres.js';

type Move = `${string} --> ${string}`;

const TABLE: readonly Move[] = NOTIFICATION_STATUSES.flatMap((from) =>
  TRANSITIONS[from].map((to): Move => `${from} --> ${to}`),
);

/** The arrows of the drawing; `[*]` is where it begins and ends. */
const DRAWING = readFileSync(new URL('../docs/states.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => /^\s+(\S+) --> (\w+|\[\*\])(?:: .+)?$/.exec(line))
  .filter((arrow) => arrow !== null)
  .map((arrow) => ({ from: arrow[1] ?? '', to: arrow[2] ?? '' }));

const BEGINNINGS = DRAWING.filter(({ from }) => from === '[*]').map(({ to }) => to);
const ENDS = DRAWING.filter(({ to }) => to === '[*]').map(({ from }) => from);

describe('the drawing in docs/states.md', () => {
  it('shows exactly the moves of the table', () => {
    const drawn = DRAWING.filter(({ from, to }) => from !== '[*]' && to !== '[*]');
    expect(drawn.map(({ from, to }): Move => `${from} --> ${to}`).toSorted()).toEqual(TABLE.toSorted());
  });

  it('begins where a notification is accepted and ends where no move is left', () => {
    expect(BEGINNINGS.toSorted()).toEqual(['queued', 'scheduled']);
    expect(ENDS.toSorted()).toEqual(
      NOTIFICATION_STATUSES.filter((status) => TRANSITIONS[status].length === 0).toSorted(),
    );
  });

  it('describes every state in a row of its own', () => {
    const text = readFileSync(new URL('../docs/states.md', import.meta.url), 'utf8');
    const described = [...text.matchAll(/^\| `(\w+)`/gm)].map((row) => row[1]);
    expect(described).toEqual([...NOTIFICATION_STATUSES]);
  });
});

describe('the table of moves', () => {
  it('reaches every state from where a notification begins', () => {
    expect([...reachableFrom(['scheduled', 'queued'])].toSorted()).toEqual(NOTIFICATION_STATUSES.toSorted());
  });

  it.each(NOTIFICATION_STATUSES)('lets %s come to an end', (status) => {
    expect([...reachableFrom([status])].some((reached) => TRANSITIONS[reached].length === 0)).toBe(true);
  });
});

it.each(['notifications', 'deliveries'])('the database knows exactly these states of %s', async (table) => {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = $1`,
    [`${table}_status_check`],
  );
  const names = [...(rows[0]?.definition.matchAll(/'(\w+)'/g) ?? [])].map((match) => match[1]);
  expect(names).toEqual([...NOTIFICATION_STATUSES]);
});

function reachableFrom(start: readonly NotificationStatus[]): Set<NotificationStatus> {
  const reached = new Set<NotificationStatus>(start);
  // A set grows while it is walked.
  for (const status of reached) for (const next of TRANSITIONS[status]) reached.add(next);
  return reached;
}
