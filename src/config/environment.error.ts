export interface EnvironmentProblem {
  readonly variable: string;
  /** What the variable expects; never what it holds. */
  readonly expected: string;
}

/** The environment does not describe a service that can run. Names variables and expectations, never values. */
export class InvalidEnvironmentError extends Error {
  override readonly name = 'InvalidEnvironmentError';

  constructor(readonly problems: readonly EnvironmentProblem[]) {
    super(
      `The environment needs a correction:\n${problems.map((p) => `  ${p.variable}: expected ${p.expected}`).join('\n')}`,
    );
  }
}
