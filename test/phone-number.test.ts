import { type CountryCode, getExampleNumber } from 'libphonenumber-js/min';
import examples from 'libphonenumber-js/mobile/examples';
import metadata from 'libphonenumber-js/min/metadata';
import { describe, expect, it } from 'vitest';
import { isPhoneNumber, isPlainlyPhoneNumber, phoneNumber } from '../src/validation/phone-number.js';

const CALLING_CODES = [...Object.keys(metadata.country_calling_codes), ...Object.keys(metadata.nonGeographic)];

/** What numbers at home begin with in one country or another, and what is none of it. */
const BEGINNINGS = ['', '0', '00', '000', '1', '11', '15', '3', '8', '80', '9', '90', '10', '19', '183', '800', '911'];
const SHORTEST = 2;
const LONGEST = 14;
const OF_EACH_KIND = 4;

/** Digits that are the same in every run. */
function digitsFrom(seed: number): (count: number) => string {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String(Math.floor((state / 2 ** 32) * 10));
  };
  return (count) => Array.from({ length: count }, next).join('');
}

function numbersOf(callingCode: string): string[] {
  const digits = digitsFrom(Number(callingCode));
  const numbers: string[] = [];
  for (const beginning of BEGINNINGS) {
    for (let length = Math.max(SHORTEST, beginning.length); length <= LONGEST; length++) {
      for (let count = 0; count < OF_EACH_KIND; count++) {
        numbers.push(`+${callingCode}${beginning}${digits(length - beginning.length)}`);
      }
    }
  }
  return numbers;
}

describe('a plain yes to a phone number', () => {
  it('is never given where the parse finds none, whatever the calling code', () => {
    const plain = CALLING_CODES.flatMap((code) => numbersOf(code)).filter((text) => isPlainlyPhoneNumber(text));
    expect(plain.length).toBeGreaterThan(10_000);
    expect(plain.filter((text) => phoneNumber(text) === null)).toEqual([]);
  });

  it('is never given where no calling code is', () => {
    const digits = digitsFrom(7);
    const unknown = Array.from({ length: 1000 }, (_, index) => `+${index}`)
      .filter((start) => !CALLING_CODES.some((code) => start.startsWith(`+${code}`) || `+${code}`.startsWith(start)))
      .map((start) => start + digits(9));
    expect(unknown.length).toBeGreaterThan(50);
    expect(unknown.filter((text) => isPlainlyPhoneNumber(text) || isPhoneNumber(text))).toEqual([]);
  });

  it.each([
    '',
    '+',
    '15551230001',
    '+015551230001',
    '+1 5551230001',
    '+1555123000１',
    '+15551230001;ext=5',
    '+15551230001\n',
  ])('is not given to %j', (text) => expect(isPlainlyPhoneNumber(text)).toBe(false));

  it.each(['+15551230001', '+15550000000', '+442079460958', '+390612345678', '+4915112345678', '+5491123456789'])(
    'is given to %s',
    (text) => expect(isPlainlyPhoneNumber(text)).toBe(true),
  );

  it.each(['+114155550100', '+4402079460958', '+80012345678'])('leaves %s to the parse', (text) => {
    expect(isPlainlyPhoneNumber(text)).toBe(false);
    expect(isPhoneNumber(text)).toBe(phoneNumber(text) !== null);
  });

  it('is given to an ordinary mobile number of almost every country', () => {
    const countries = Object.keys(examples).filter((country): country is CountryCode => country in metadata.countries);
    const plain = countries.filter((country) =>
      isPlainlyPhoneNumber(getExampleNumber(country, examples)?.number ?? ''),
    );
    expect(countries.length).toBeGreaterThan(200);
    expect(plain.length).toBeGreaterThan(countries.length * 0.95);
  });
});

describe('a text that the parser would search for long', () => {
  it.each([
    ['a context of many labels', `;phone-context=${'11.'.repeat(24)}11!`],
    ['a number before such a context', `+15551230001;phone-context=${'11.'.repeat(24)}11!`],
    ['a context of very many digits', `;phone-context=+${'1'.repeat(25_000)}x`],
    ['very many digits', `+${'1'.repeat(50_000)}`],
  ])('is no number, at once: %s', (_, text) => {
    const before = process.cpuUsage().user;
    expect([isPhoneNumber(text), phoneNumber(text)]).toEqual([false, null]);
    // In microseconds of this process, however busy the machine is.
    expect(process.cpuUsage().user - before).toBeLessThan(500_000);
  });
});
