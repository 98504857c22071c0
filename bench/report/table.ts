import type { Run } from '../cases/case.js';
import { figure, table } from './markdown.js';
import type { CaseResult, Results } from './results.js';

/** Contenders against columns. */
export function caseTable({ rows }: { readonly rows: Run }): string {
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))];
  return table(
    ['', ...columns],
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
  return rows.length === 0 ? null : table(['target', 'measured', ''], rows, ['left', 'right', 'left']);
}

function number(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : figure(value);
}
