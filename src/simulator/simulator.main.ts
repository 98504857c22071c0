import { InvalidSimulatorOptionError, readOptions } from './simulator.options.js';
import { startSimulator } from './simulator.server.js';

/**
 * Runs the simulator as a program: prints one line of JSON when it is ready, and ends with its parent or on a signal.
 */
async function main(): Promise<void> {
  const simulator = await startSimulator(readOptions(process.argv.slice(2), process.env));

  let closing = false;
  const end = (): void => {
    if (closing) return;
    closing = true;
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end);

  process.stdout.write(`${JSON.stringify({ url: simulator.url })}\n`);
  process.send?.({ url: simulator.url });
}

try {
  await main();
} catch (error) {
  const reason = error instanceof InvalidSimulatorOptionError ? error.message : String(error);
  process.stderr.write(`The simulator cannot start: ${reason}\n`);
  process.exitCode = 1;
}
