import { readFile, writeFile } from 'node:fs/promises';
import { withSections } from './markdown.js';
import type { CaseResult, Results } from './results.js';
import { caseTable, targetTable } from './table.js';

/** Writes results into a Markdown document: the table of targets under the name `targets`, each case under its own. */
export async function writeDocument(file: string, results: Results): Promise<void> {
  const cases = Object.entries(results).map(([name, result]) => [name, sectionOf(result)]);
  const text = await readFile(file, 'utf8');
  await writeFile(file, withSections(text, { ...Object.fromEntries(cases), targets: targetTable(results) }));
}

function sectionOf(result: CaseResult): string {
  const runs = result.runs === 1 ? 'One run' : `Medians of ${result.runs} runs`;
  const facts = `${runs}, ${result.measured}; ${result.machine}.`;
  return [caseTable(result), facts, ...result.notes.map((note) => `Note: ${note}.`)].join('\n\n');
}
