import { parse } from 'qs';

/**
 * Parses a query: `?metadata[orderId]=A-17` becomes an object; nothing nests deeper. Names that objects inherit count
 * like any other: a filter that is ignored would find everything. So do numbers, which qs would take for list indexes.
 */
export function parseQuery(query: string): Record<string, unknown> {
  return parse(query, { depth: 1, parameterLimit: 100, allowPrototypes: true, parseArrays: false, decoder });
}

type Decode = (text: string) => string;

/** With lists off, `metadata[]` would be the name "0". Another pair of brackets makes it what every field refuses. */
function decoder(text: string, decode: Decode, _charset?: string, part?: 'key' | 'value'): string {
  const plain = decode(text);
  return part === 'key' && plain.endsWith('[]') ? `${plain}[]` : plain;
}
