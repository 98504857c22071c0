import { phoneNumber } from '../notifications/field.rules.js';
import { Problem } from '../problems/problem.js';

/**
 * A corrected recipient must be where recipients may be, like every other.
 * @param allowed ISO codes; empty allows all
 * @throws Problem `country-not-allowed`
 */
export function refuseCountry(to: string, allowed: ReadonlySet<string>): void {
  if (allowed.size === 0) return;
  const number = phoneNumber(to);
  const countries = number?.country ? [number.country] : (number?.getPossibleCountries() ?? []);
  if (countries.some((country) => allowed.has(country))) return;
  throw new Problem('country-not-allowed', {
    detail: 'The corrected recipient is in a country that is not allowed here; the operator sets ALLOWED_COUNTRIES.',
    errors: [{ pointer: '/changes/to', detail: 'is in a country that is not allowed' }],
  });
}
