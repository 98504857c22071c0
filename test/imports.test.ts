import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** The folder of a file in src; null for those right in it, which wire everything together. */
function roomOf(path: string): string | null {
  const [room, ...rest] = path.split('/');
  return rest.length > 0 && room !== '..' ? (room ?? null) : null;
}

/** Imports that the running program makes: types are gone by then. */
function importsOf(path: string): string[] {
  const statements = readFileSync(`${SRC}/${path}`, 'utf8').matchAll(/^import (?!type\b)([^;]*?)from '(\.[^']+)';/gms);
  return [...statements]
    .filter(([, what = '']) => /(?:^|[{,]\s*)(?!type\b|\s*\}|\s)\w/.test(what))
    .map(([, , from = '']) => posix.join(posix.dirname(path), from));
}

const pairs = new Set<string>();
for (const path of globSync('**/*.ts', { cwd: SRC })) {
  const room = roomOf(path);
  for (const other of importsOf(path).map(roomOf)) {
    if (room !== null && other !== null && room !== other) pairs.add(`${room} ${other}`);
  }
}

describe('the rooms of the house', () => {
  it('know each other one way only', () => {
    const mutual = [...pairs].filter((pair) => {
      const [one = '', other = ''] = pair.split(' ');
      return one < other && pairs.has(`${other} ${one}`);
    });
    expect(mutual).toEqual([]);
  });

  it('are none that the policy would know', () => {
    expect(pairs.size).toBeGreaterThan(50);
    expect([...pairs].filter((pair) => pair.startsWith('policy '))).toEqual([]);
  });
});
