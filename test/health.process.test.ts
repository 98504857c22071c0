import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it, onTestFinished } from 'vitest';
import { ProcessIndicator } from '../src/health/process.indicator.js';

const STALL_MS = 1500;

it('a process that stood still is told of once, and is well again when it goes on', async () => {
  const indicator = new ProcessIndicator();
  indicator.onApplicationBootstrap();
  onTestFinished(() => indicator.onApplicationShutdown());
  // Begun later, it shows no interval that the indicator's has not measured before.
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  onTestFinished(() => void delay.disable());
  await expect.poll(() => delay.count).toBeGreaterThan(0);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
  await expect.poll(() => delay.max).toBeGreaterThan(STALL_MS * 1e6);
  // Both in one turn of the event loop, so that nothing happens between them.
  const [stalled, after] = await Promise.all([indicator.check(), indicator.check()]);
  expect(stalled).toMatchObject({ up: false });
  expect(after).toMatchObject({ up: true, details: { eventLoopDelayP99Ms: 0 } });
});
