import { withSections } from '../report/markdown.js';
import type { Measured } from '../scaling/measured.js';
import { costTable, endTable, processTable, shardTable, yearTable } from './report.database.js';
import { categoryTable, kindTable, peakTable } from './report.simulation.js';
import type { Simulation } from './simulate.js';

/** The document that shows the results, from the root of the project. */
export const DOCUMENT = 'docs/scaling.md';
/** The day that the document shows. */
export const SEED = 1;

/** What stands in the document, by the names of its markers. */
export function sections(simulation: Simulation, measured: Measured): Record<string, string> {
  return {
    'scaling-cost': costTable(measured),
    'scaling-year': yearTable(measured),
    'scaling-end': endTable(simulation, measured),
    'scaling-senders': kindTable(simulation),
    'scaling-categories': categoryTable(simulation),
    'scaling-peaks': peakTable(simulation),
    'scaling-shards': shardTable(simulation, measured),
    'scaling-processes': processTable(simulation, measured),
  };
}

export function withResults(text: string, simulation: Simulation, measured: Measured): string {
  return withSections(text, sections(simulation, measured));
}
