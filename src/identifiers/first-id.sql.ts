/**
 * The first UUIDv7 of a moment: ids are in order of time, so the rows of a period are found by id, without an index on
 * time. The time is that of whoever made the id, mostly a process: allow for a wrong clock where it would matter. There
 * are no ids from before 1970: the very first one stands for those moments.
 * @param moment an SQL expression of a timestamptz
 */
export function firstIdOf(moment: string): string {
  const milliseconds = `greatest(extract(epoch FROM ${moment}) * 1000, 0)::bigint`;
  return `(lpad(to_hex(${milliseconds}), 12, '0') || repeat('0', 20))::uuid`;
}
