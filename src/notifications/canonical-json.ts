import { canonicalize } from 'json-canonicalize';

/**
 * The canonical form (RFC 8785) of what was read from JSON: the same text for the same content, whatever the order of
 * its keys. Byte by byte it is what `canonicalize` makes, whose hashes are stored. That one keeps track of paths and
 * circles, which JSON has not: 4.5 µs for a usual request on the machine of docs/performance.md, against 2.
 * @throws Error where it holds a number that JSON cannot, such as 1e999
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return isOdd(value) ? canonicalize(value) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element)).join(',')}]`;
  if ('toJSON' in value) return canonicalize(value);
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const separator = text === '' ? '' : ',';
    text += `${separator}${JSON.stringify(key)}:${canonicalJson(Reflect.get(value, key))}`;
  }
  return `{${text}}`;
}

/** What the library has its own mind about. */
function isOdd(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && !Number.isFinite(value));
}
