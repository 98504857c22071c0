import 'reflect-metadata';
import { readEnvironment } from '../config/read-environment.js';
import { StopSignal } from '../start-signal.js';
import { perform } from './scenario.performance.js';
import { SCENARIOS } from './scenarios.js';
import { findRunningService, type DemoService } from './service.finder.js';
import { Terminal } from './terminal.js';
import { seconds } from './timeline.js';

const INTERRUPTED = 130;

/** Sends one notification of every kind and shows their timelines as they happen. @returns the exit code */
async function main(terminal: Terminal, interruption: AbortSignal): Promise<number> {
  // Where npm start would listen and keep its data; the demo ignores the rest of the environment.
  const { PORT, HOST, DATA_DIR } = process.env;
  const env = readEnvironment({ PORT, HOST, DATA_DIR });
  const found = await findRunningService(env);
  if (found?.simulated) {
    terminal.line(`Using the service that runs at ${found.url}.`);
    return await performAll(found, terminal, interruption);
  }
  if (found) terminal.line(`The service at ${found.url} does not say that it runs on the simulator: it is left alone.`);
  terminal.line('Starting a service for this demo: embedded PostgreSQL, the Twilio simulator, no real phone…');
  // Loaded only when needed: loading the whole service takes a second.
  const { startTemporaryService } = await import('./temporary.service.js');
  const own = await startTemporaryService(env.DATA_DIR);
  try {
    return await performAll(own, terminal, interruption);
  } finally {
    await own.stop();
    terminal.aside('The service of this demo is stopped and gone; npm start runs one that stays.');
  }
}

async function performAll(service: DemoService, terminal: Terminal, interruption: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  let asExpected = 0;
  for (const [index, scenario] of SCENARIOS.entries()) {
    terminal.heading(`${index + 1}. ${scenario.title}`);
    const differences = await perform(scenario, service.client, terminal, interruption);
    if (interruption.aborted) return INTERRUPTED;
    if (differences.length === 0) asExpected += 1;
  }
  const all = asExpected === SCENARIOS.length;
  const took = seconds(performance.now() - startedAt);
  terminal.line('');
  terminal.verdict(`${asExpected} of ${SCENARIOS.length} ended as expected, in ${took}.`, all ? 'good' : 'bad');
  return all ? 0 : 1;
}

const interruption = new AbortController();
void new StopSignal().came.then(() => interruption.abort());
// Happens with `head`, for example: what was started still has to be stopped.
process.stdout.on('error', () => interruption.abort());

try {
  process.exitCode = await main(new Terminal(), interruption.signal);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
