import { defineConfig } from 'vitest/config';

/** Tests against programs of Debian that a newcomer's machine may lack; `npm run test:debian`, part of .ci/run. */
const WITH_DEBIAN = 'test/debian/**/*.test.ts';
const debian = process.env['POSTRIDER_TESTS'] === 'debian';

export default defineConfig({
  test: {
    include: [debian ? WITH_DEBIAN : 'test/**/*.test.ts'],
    exclude: debian ? [] : [WITH_DEBIAN],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 5000 } },
    reporters: ['default', './test/support/count.reporter.ts'],
  },
});
