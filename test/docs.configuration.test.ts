import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT_SCHEMA } from '../src/config/environment.schema.js';
import { readEnvironment } from '../src/config/read-environment.js';

describe('docs/configuration.md', () => {
  const rows = [
    ...readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8').matchAll(
      /^\| `(\w+)` +\| (.*?) +\|/gm,
    ),
  ].map((row) => ({ variable: row[1] ?? '', fallback: row[2] ?? '' }));

  it('has one row for every variable, and none for anything else', () => {
    expect(rows.map(({ variable }) => variable).toSorted()).toEqual(Object.keys(ENVIRONMENT_SCHEMA.shape).toSorted());
  });

  const defaults = new Map<string, unknown>(Object.entries(readEnvironment({})));
  const told = rows.map(({ variable, fallback }) => ({ variable, fallback, written: asCode(defaults.get(variable)) }));

  it.each(told.filter(({ written }) => written !== null))('tells the default of $variable', ({ fallback, written }) => {
    expect(fallback).toBe(written);
  });

  it('tells in prose where there is no default value', () => {
    const values = told.filter(({ written, fallback }) => written === null && /^`[^`]*`$/.test(fallback));
    expect(values).toEqual([]);
  });
});

/** Text, numbers and flags are written as code; nothing, an empty list and what is brought along instead are not. */
function asCode(value: unknown): string | null {
  if (typeof value === 'string' && value !== '') return `\`${value}\``;
  return typeof value === 'number' || typeof value === 'boolean' ? `\`${value}\`` : null;
}
