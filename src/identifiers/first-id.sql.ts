/**
 * The first UUIDv7 of a moment: ids are in order of time, so what is of a time is found by them, and needs no index. Their
 * time is that of whoever made them, mostly a process: where a clock that is off would matter, allow for it.
 * Before 1970 there are none: the first of all stands for those moments.
 * @param moment an SQL expression of a timestamptz
 */
export function firstIdOf(moment: string): string {
  const milliseconds = `greatest(extract(epoch FROM ${moment}) * 1000, 0)::bigint`;
  return `(lpad(to_hex(${milliseconds}), 12, '0') || repeat('0', 20))::uuid`;
}
