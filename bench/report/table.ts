import type { Run } from '../cases/case.js';
import type { CaseResult, Results } from './results.js';

type Align = 'left' | 'right';

/** A Markdown table, padded so that it reads as well in a terminal (and the way prettier would write it). */
export function table(head: readonly string[], align: readonly Align[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map(width)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((size, column) => pad(cells[column] ?? '', size, align[column] ?? 'left')).join(' | ')} |`;
  const rule = widths.map((size, column) =>
    align[column] === 'right' ? `${'-'.repeat(size - 1)}:` : '-'.repeat(size),
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** Contenders against columns. */
export function caseTable({ rows }: { readonly rows: Run }): string {
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))];
  return table(
    ['', ...columns],
    ['left', ...columns.map(() => 'right' as const)],
    Object.entries(rows).map(([name, row]) => [name, ...columns.map((column) => number(row[column]))]),
  );
}

/** Every target of the results, with what was measured; null where there is none. */
export function targetTable(results: Results | readonly CaseResult[]): string | null {
  const rows = Object.values(results).flatMap(({ targets }: CaseResult) =>
    targets.map(({ statement, value, met }) => [
      statement,
      number(value ?? undefined),
      met === null ? 'not measured' : met ? 'met' : '**not met**',
    ]),
  );
  return rows.length === 0 ? null : table(['target', 'measured', ''], ['left', 'right', 'left'], rows);
}

/** Three digits that mean something, whole numbers from a hundred on. */
function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function pad(text: string, size: number, align: Align): string {
  const blanks = ' '.repeat(size - width(text));
  return align === 'right' ? blanks + text : text + blanks;
}

/** No character that is used here is wider than one. */
function width(text: string): number {
  return text.length;
}
