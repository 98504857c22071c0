import { retryAfterMs } from '../http/answer.headers.js';
import type { Failure, ProviderAnswer } from '../policy/failure.js';
import { classify } from './classification.js';
import type { CodeTable } from './classification.js';
import type { Answer, NetworkError, NetworkFailure } from './network.error.js';
import { ProviderError } from './provider.error.js';
import { readProviderAnswer } from './provider.answer.js';

const NOTHING_READ: ProviderAnswer = {
  httpStatus: null,
  providerCode: null,
  providerMessage: null,
  providerRequestId: null,
  providerBody: null,
};

/** The error for an answer that was read completely and is not a success. @param looksUp true if it answers a GET */
export function errorFromAnswer(answer: Answer, table: CodeTable, looksUp: boolean): ProviderError {
  return new ProviderError(failureOf(answer, null, table, looksUp), null);
}

/** The error for an exchange that ended early. */
export function errorFromNetwork(error: NetworkError, table: CodeTable): ProviderError {
  return new ProviderError(failureOf(error.partial, error, table, false), error.kind);
}

function failureOf(answer: Answer | null, network: NetworkFailure | null, table: CodeTable, looksUp: boolean): Failure {
  const read = answer === null ? NOTHING_READ : readProviderAnswer(answer);
  return {
    ...read,
    provider: 'twilio',
    outcome: outcomeOf(read.httpStatus, network),
    classification: classify({ ...read, networkFailure: network?.kind ?? null, looksUp }, table),
    retryAfterMs: answer === null ? null : retryAfterMs(answer, Date.now()),
  };
}

/**
 * The status line decides if there is one, even if the body was cut off: 3xx and 4xx are refusals, anything else may
 * hide an accepted request. Without a status line, a request was certainly not accepted only if it was certainly not
 * written.
 * Source: contract section 1.
 */
function outcomeOf(httpStatus: number | null, network: NetworkFailure | null): Failure['outcome'] {
  if (httpStatus === null) return network !== null && !network.written ? 'rejected' : 'unknown';
  return httpStatus >= 300 && httpStatus < 500 ? 'rejected' : 'unknown';
}
