import {
  Metadata,
  parsePhoneNumberFromString,
  type CountryCode,
  type NumberingPlan,
  type PhoneNumber,
} from 'libphonenumber-js/min';
import metadata from 'libphonenumber-js/min/metadata';
import { canonicalNumber, E164 } from '../policy/address.js';

const LONGEST_CALLING_CODE = 3;

/**
 * A plus, and no more digits than the parser can take. It must see nothing else: its search for extensions and contexts
 * (`;phone-context=`) never ends for some texts that a request can hold.
 */
const PARSABLE = /^\+\d{1,20}$/;

/** The number that an E.164 text means; null if there can be no such number. The text may have an older form. */
export function phoneNumber(text: string): PhoneNumber | null {
  if (!PARSABLE.test(text)) return null;
  const number = canonicalNumber(text);
  const parsed = parsePhoneNumberFromString(number);
  return parsed && parsed.number === number && parsed.isPossible() ? parsed : null;
}

/** Whether {@link phoneNumber} finds one, without parsing where the answer is plain. */
export function isPhoneNumber(text: string): boolean {
  return isPlainlyPhoneNumber(text) || phoneNumber(text) !== null;
}

/**
 * True if the parser is certain to find a number: its calling code exists, its length fits in every country of that
 * code (so it does not matter which it is), and it begins with nothing like a national prefix, which the parser would
 * remove. False only means: parse it. On the machine of docs/performance.md this takes 0.2 µs, the parser 40.
 */
export function isPlainlyPhoneNumber(text: string): boolean {
  if (!E164.test(text)) return false;
  // No calling code is the beginning of another.
  for (let end = 2; end <= LONGEST_CALLING_CODE + 1; end++) {
    const rules = RULES.get(text.slice(1, end));
    if (rules) return isPlain(text.slice(end), rules);
  }
  return false;
}

/** What the countries of a calling code agree on. */
interface Rules {
  readonly lengths: ReadonlySet<number>;
  readonly nationalPrefix: RegExp | null;
}

function isPlain(national: string, { lengths, nationalPrefix }: Rules): boolean {
  if (!lengths.has(national.length)) return false;
  // A pattern whose parts are all optional (Argentina's) may match an empty prefix: nothing to remove.
  const prefix = nationalPrefix?.exec(national);
  return !prefix || prefix[0] === '';
}

/** By calling code. Those that belong to no country (+800, satellites) are left to the parser. */
const RULES: ReadonlyMap<string, Rules> = new Map(
  Object.entries(metadata.country_calling_codes).map(([code, countries]) => [code, rulesOf(countries)]),
);

function rulesOf(countries: readonly CountryCode[]): Rules {
  const plans = countries.map((country) => numberingPlan(country));
  const [main] = plans;
  const prefix = main && nationalPrefixOf(main);
  const [lengths = [], ...others] = plans.map((plan) => plan.possibleLengths());
  return {
    lengths: new Set(lengths.filter((length) => others.every((ofOther) => ofOther.includes(length)))),
    nationalPrefix: prefix === undefined ? null : new RegExp(`^(?:${prefix})`),
  };
}

function numberingPlan(country: CountryCode): NumberingPlan {
  const plans = new Metadata();
  plans.selectNumberingPlan(country);
  if (!plans.numberingPlan) throw new Error(`libphonenumber-js knows no numbering plan of ${country}`);
  return plans.numberingPlan;
}

/** The parser uses the first country's prefix. The method exists, but the library's types lack it. */
function nationalPrefixOf(plan: NumberingPlan): string | undefined {
  if (!('nationalPrefixForParsing' in plan) || typeof plan.nationalPrefixForParsing !== 'function') {
    throw new Error('libphonenumber-js no longer tells the national prefix');
  }
  const prefix: unknown = plan.nationalPrefixForParsing();
  return typeof prefix === 'string' && prefix !== '' ? prefix : undefined;
}
