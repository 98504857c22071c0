/** There was no answer in the time allowed. */
export class LateError extends Error {
  override readonly name = 'LateError';

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** @throws LateError if there is no answer within `ms`; if `answer` rejects before that, its error is thrown. */
export async function answerInTime<Answer>(answer: Promise<Answer>, ms: number): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new LateError(ms)), Math.max(0, ms));
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns whether it ended within `ms`; if it rejects before that, its error is thrown. */
export async function inTime(ended: Promise<unknown>, ms: number): Promise<boolean> {
  try {
    await answerInTime(ended, ms);
    return true;
  } catch (error) {
    if (error instanceof LateError) return false;
    throw error;
  }
}
