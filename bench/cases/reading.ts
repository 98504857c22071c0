import type { RunningPostrider } from '../contenders/postrider.js';
import type { Row } from './case.js';

/** How often each thing is read: first to get warm, then for the median. */
const WARM = 100;
const MEASURED = 500;

export const LOOK_UP_MS = 'look-up ms';
export const FAILURES_MS = 'failures ms';
export const SUMMARY_MS = 'summary ms';

/** Failures that the summary covers, however long the history is. */
const SUMMED_FAILURES = 1000;

/**
 * What an operator waits for, one request at a time: a notification of any age, the first page of the failure history,
 * and the summary of a stretch with as many failures whatever is around it.
 */
export async function readingTimes(running: RunningPostrider): Promise<Row> {
  const ids = await idsOfAnyAge(running, WARM + MEASURED);
  const since = await startOfTheLast(running, SUMMED_FAILURES);
  const summary = new URLSearchParams({ from: since.toISOString(), bucket: 'day' }).toString();
  return {
    [LOOK_UP_MS]: await medianMs(running, (turn) => `/v1/notifications/${ids[turn]}`),
    [FAILURES_MS]: await medianMs(running, () => '/v1/admin/failures'),
    [SUMMARY_MS]: await medianMs(running, () => `/v1/admin/failures/summary?${summary}`),
  };
}

async function medianMs({ url, requests }: RunningPostrider, path: (turn: number) => string): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < WARM + MEASURED; turn += 1) {
    const start = performance.now();
    const answer = await fetch(url + path(turn), { headers: requests.headers });
    await answer.text();
    if (!answer.ok) throw new Error(`GET ${path(turn)} was answered ${answer.status}`);
    if (turn >= WARM) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[MEASURED / 2] ?? Number.NaN;
}

/** Different ones. Ids carry their time: one from anywhere in the last thirty days is the next after a random time. */
async function idsOfAnyAge({ database }: RunningPostrider, count: number): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT found.id
     FROM (SELECT uuidv7(interval '30 days' * -random()) AS at FROM generate_series(1, $1::int)) AS time,
       LATERAL (SELECT id FROM notifications WHERE id > time.at ORDER BY id LIMIT 1) AS found`,
    [2 * count],
  );
  const ids = new Set(rows.map(({ id }) => id));
  if (ids.size < count) throw new Error('There are too few notifications to be looked up');
  return [...ids];
}

async function startOfTheLast({ database }: RunningPostrider, failures: number): Promise<Date> {
  const { rows } = await database.query<{ at: Date }>('SELECT at FROM failures ORDER BY at DESC OFFSET $1 LIMIT 1', [
    failures - 1,
  ]);
  const [last] = rows;
  if (!last) throw new Error(`There are fewer than ${failures} failures`);
  return last.at;
}
