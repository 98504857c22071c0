/** Beyond this many edits, a name is not a typing mistake for another. */
const FARTHEST = 2;
const LONGEST = 40;

/** The known name closest to a mistyped one, at most `farthest` edits away; null if none is close. */
export function closestName(mistyped: string, known: readonly string[], farthest = FARTHEST): string | null {
  if (mistyped.length > LONGEST) return null;
  const wanted = mistyped.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.min(farthest, Math.floor(mistyped.length / 2)) + 1;
  for (const name of known) {
    // Each extra letter takes at least one edit.
    if (Math.abs(name.length - mistyped.length) >= bestDistance) continue;
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, substituted, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
