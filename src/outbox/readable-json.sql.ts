/**
 * JSON into which PostgreSQL can look, as text: what its texts cannot hold (NUL, half of a surrogate pair) is U+FFFD. Today
 * no such content is accepted, but the type json stores it, an older version let it in through addresses and names
 * of variables, and every operator on it fails, with it the statement for all other rows.
 * @param json an SQL expression of type json or text, as JSON.stringify wrote it: whole pairs are no escapes
 */
export function readableJson(json: string): string {
  // Behind an even number of backslashes: otherwise it is no escape, but a text that looks like one.
  const escape = String.raw`(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f]..)`;
  return String.raw`regexp_replace(${json}::text, '${escape}', '\1\\ufffd', 'gi')`;
}
