import { parse } from 'qs';

/**
 * Reads a query: `?metadata[orderId]=A-17` is an object, and what is nested deeper is none of ours. Names that objects
 * inherit count like any other: a filter that is passed over finds everything. So do numbers, which qs would take for
 * places of a list.
 */
export function parseQuery(query: string): Record<string, unknown> {
  return parse(query, { depth: 1, parameterLimit: 100, allowPrototypes: true, parseArrays: false, decoder });
}

type Decode = (text: string) => string;

/** Without lists, `metadata[]` would be the name "0". One more pair of brackets makes it what every field refuses. */
function decoder(text: string, decode: Decode, _charset?: string, part?: 'key' | 'value'): string {
  const plain = decode(text);
  return part === 'key' && plain.endsWith('[]') ? `${plain}[]` : plain;
}
