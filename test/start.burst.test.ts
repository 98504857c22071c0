import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { startSimulator } from '../src/simulator/simulator.server.js';
import { startTestService } from './support/service.js';

const CALLERS = 1000;

/** Connects them to a port all at once and says how many came through: all, or those of the first seconds. */
const PROGRAM = `
  const [port, callers] = process.argv.slice(1).map(Number);
  let connected = 0;
  const done = () => { console.log(connected); process.exit(); };
  for (let n = 0; n < callers; n += 1) {
    require('node:net').connect(port, '127.0.0.1', () => { if (++connected === callers) done(); });
  }
  setTimeout(done, 10_000);`;

/** This process, and so what it serves, stands still meanwhile. */
function connectAtOnce(url: string): number {
  return Number(execFileSync(process.execPath, ['-e', PROGRAM, new URL(url).port, String(CALLERS)]));
}

it('lets a thousand callers connect while it is busy', async () => {
  const { url } = await startTestService();
  expect(connectAtOnce(url)).toBe(CALLERS);
});

it('lets a thousand callers connect to the simulator while it is busy', async () => {
  const simulator = await startSimulator();
  try {
    expect(connectAtOnce(simulator.url)).toBe(CALLERS);
  } finally {
    await simulator.close();
  }
});
