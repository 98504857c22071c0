/**
 * The first UUIDv7 of a moment: ids are in order of time, so what is of a time is found by them, and needs no index.
 * @param moment an SQL expression of a timestamptz
 */
export function firstIdOf(moment: string): string {
  return `(lpad(to_hex((extract(epoch FROM ${moment}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;
}
