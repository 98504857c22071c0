import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT_SCHEMA } from '../src/config/environment.schema.js';
import { readEnvironment } from '../src/config/read-environment.js';

const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
/** As it is, and with every example taken out of its comment. */
const asItIs = parseEnv(text);
const filledIn = parseEnv(text.replaceAll(/^#(?=[A-Z_]+=)/gm, '')) as Record<string, string>;

const defaults: Readonly<Record<string, unknown>> = readEnvironment({});
const ACCOUNT = { TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'a-token' };

describe('.env.example', () => {
  it('names every variable once, and one more that docker-compose.yml needs', () => {
    const names = [...text.matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1] ?? '');
    expect(names.toSorted()).toEqual([...Object.keys(ENVIRONMENT_SCHEMA.shape), 'POSTGRES_PASSWORD'].toSorted());
  });

  it('changes nothing before it is filled in', () => {
    expect(readEnvironment(asItIs)).toEqual(defaults);
  });

  it('gives examples that the service takes', () => {
    expect(() => readEnvironment({ ...filledIn, ...ACCOUNT })).not.toThrow();
  });

  it('shows the default where there is one', () => {
    const shown = readEnvironment({ ...filledIn, ...ACCOUNT }) as Readonly<Record<string, unknown>>;
    const simple = Object.entries(defaults).filter(([, value]) => value !== '' && typeof value !== 'object');
    for (const [name, value] of simple) expect(shown[name], name).toBe(value);
  });
});
