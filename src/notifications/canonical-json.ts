/**
 * The canonical form (RFC 8785) of a value parsed from JSON: the same text for the same content, whatever the order of
 * its keys. Hashes of it are stored, so it must never change.
 * @throws Error for a number that is not finite, such as what JSON.parse makes of 1e999
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('Non-finite numbers are not JSON');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element)).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const separator = text === '' ? '' : ',';
    text += `${separator}${JSON.stringify(key)}:${canonicalJson(Reflect.get(value, key))}`;
  }
  return `{${text}}`;
}
