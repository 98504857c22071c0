import { Problem } from '../problems/problem.js';
import { phoneNumber } from './phone-number.js';

/**
 * Refuses a recipient in a country that the operator did not allow.
 * @param allowed ISO codes; empty allows all
 * @param pointer where the number stands in the request
 * @throws Problem `country-not-allowed`
 */
export function refuseCountry(to: string, allowed: ReadonlySet<string>, pointer: string): void {
  if (allowed.size === 0) return;
  const number = phoneNumber(to);
  const countries = number?.country ? [number.country] : (number?.getPossibleCountries() ?? []);
  if (countries.some((country) => allowed.has(country))) return;
  throw new Problem('country-not-allowed', {
    detail: `Recipients in ${countries.join(' or ') || 'this country'} are not allowed here; the operator sets ALLOWED_COUNTRIES.`,
    errors: [{ pointer, detail: 'is in a country that is not allowed' }],
  });
}
