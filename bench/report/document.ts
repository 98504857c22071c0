import { readFile, writeFile } from 'node:fs/promises';
import type { Results } from './results.js';
import { caseTable, targetTable } from './table.js';

/**
 * Writes results into a Markdown document, each between its markers: `<!-- bench:targets -->` or
 * `<!-- bench:<case> -->`, and `<!-- /bench -->`. Whatever stands around them stays.
 */
export async function writeDocument(file: string, results: Results): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, withResults(text, results));
}

export function withResults(text: string, results: Results): string {
  return text.replaceAll(/(<!-- bench:([\w-]+) -->\n)[^]*?(<!-- \/bench -->)/g, (whole, open, name, close) => {
    const section = name === 'targets' ? targetTable(results) : sectionOf(results, name);
    return section === null ? whole : `${open}\n${section}\n\n${close}`;
  });
}

function sectionOf(results: Results, name: string): string | null {
  const result = results[name];
  if (!result) return null;
  const runs = result.runs === 1 ? 'One run' : `Medians of ${result.runs} runs`;
  const facts = `${runs}, ${result.measured}; ${result.machine}.`;
  return [caseTable(result), facts, ...result.notes.map((note) => `Note: ${note}.`)].join('\n\n');
}
