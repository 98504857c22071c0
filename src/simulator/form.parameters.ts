import { parse, type ParsedUrlQuery } from 'node:querystring';

/** A form-urlencoded body or a query string; a repeated parameter is an array. */
export type FormParameters = ParsedUrlQuery;

export const NO_PARAMETERS: FormParameters = Object.freeze({});

export function parseForm(body: string): FormParameters {
  return parse(body);
}

/** A single value; the last one if it is repeated. Empty counts as missing, as it does for Twilio. */
export function parameter(parameters: FormParameters, name: string): string | null {
  const value = parameters[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined || last === '' ? null : last;
}

/** Every value of a parameter that may be repeated. */
export function repeatedParameter(parameters: FormParameters, name: string): readonly string[] {
  const value = parameters[name];
  if (value === undefined || value === '') return [];
  return Array.isArray(value) ? value.filter((one) => one !== '') : [value];
}
