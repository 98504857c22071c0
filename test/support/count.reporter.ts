import { writeSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

const STDOUT = 1;
/** 128 + the number of SIGINT and SIGTERM: a human, or their tool, broke the run off. */
const INTERRUPTED = new Set([130, 143]);

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Says `N passed, N failed` as the very last line of a run. Whatever makes a run fail is a failure of its own: a test, a
 * hook of a whole file or suite, a file that cannot be imported, an error outside of any test, a global setup.
 */
export default class CountReporter implements Reporter {
  private count: Count | null = null;

  onInit(vitest: Vitest): void {
    if (!vitest.config.watch) process.once('exit', (exitCode) => this.sayLast(exitCode));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.count = countOf(modules, unhandledErrors.length);
  }

  /** As late as possible: the default reporter, the teardown and coverage all print before. */
  private sayLast(exitCode: number): void {
    if (this.count === null && INTERRUPTED.has(exitCode)) return;
    const { passed, failed, skipped } = this.count ?? { passed: 0, failed: 0, skipped: 0 };
    const uncounted = exitCode !== 0 && failed === 0 ? 1 : 0;
    writeSync(STDOUT, `${passed} passed, ${failed + uncounted} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  }
}

function countOf(modules: readonly TestModule[], unhandledErrors: number): Count {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const states = tests.map((test: TestCase) => test.result().state);
  const groups: (TestModule | TestSuite)[] = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const brokenGroups = groups.filter((group) => group.errors().length > 0);
  const passed = states.filter((state) => state === 'passed').length;
  const failed = states.filter((state) => state === 'failed').length;
  return {
    passed,
    failed: failed + brokenGroups.length + unhandledErrors,
    skipped: states.length - passed - failed,
  };
}
