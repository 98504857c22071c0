import { defineConfig } from 'vitest/config';

/** Tests against programs of Debian that a newcomer's machine may lack; `npm run test:debian`, part of .ci/run. */
const WITH_DEBIAN = 'test/debian/**/*.test.ts';
/** Looks for faults in an order of chance; a find is for a person to look into, so it holds up nobody's change. */
const CHAOS = 'test/chaos.test.ts';
const chaos = process.env['CHAOS_SEED'] !== undefined;
const debian = process.env['POSTRIDER_TESTS'] === 'debian';

/** Twice as many as the cores of a small machine: tests often wait, for a process to start or a time to pass. */
const WORKERS = 4;

export default defineConfig({
  test: {
    include: [debian ? WITH_DEBIAN : 'test/**/*.test.ts'],
    exclude: debian ? [] : [WITH_DEBIAN, ...(chaos ? [] : [CHAOS])],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // What the service is made of is read once by each of them, not once by each file: two seconds of a processor.
    isolate: false,
    maxWorkers: WORKERS,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', './test/support/count.reporter.ts'],
  },
});
