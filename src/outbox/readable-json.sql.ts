/**
 * JSON text that PostgreSQL can look into: characters that its texts cannot hold (NUL, half of a surrogate pair) become
 * U+FFFD. Such content is no longer accepted, but the type json stores it, and an older version let it in through
 * addresses and names of variables. Every operator fails on it, and with it the statement for all other rows.
 * @param json an SQL expression of type json or text, as JSON.stringify wrote it: whole pairs are not escaped
 */
export function readableJson(json: string): string {
  // After an even number of backslashes: after an odd number it is no escape, but text that looks like one.
  const escape = String.raw`(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f]..)`;
  return String.raw`regexp_replace(${json}::text, '${escape}', '\1\\ufffd', 'gi')`;
}
