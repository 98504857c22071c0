import { HttpService } from '@nestjs/axios';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { isCancel } from 'axios';
import type { AxiosResponse } from 'axios';
import type { CodeTable } from './classification.js';
import { ERROR_CODE_TABLE } from './error-codes/error-code-table.js';
import { errorFromAnswer, errorFromNetwork } from './failed.exchange.js';
import { NetworkError, codeOf } from './network.error.js';
import type { Answer } from './network.error.js';
import { parseObject } from './provider.answer.js';
import { ProviderError } from './provider.error.js';

export type ProviderResource = Readonly<Record<string, unknown>>;

/** What leaves the interceptor as the `data` of a success. */
export interface ReadAnswer {
  readonly answer: Answer;
  /** Its body, parsed once. */
  readonly resource: ProviderResource;
}

/**
 * Axios' response interceptor: a success leaves it with its body parsed, every failure as one ProviderError. No
 * AxiosError, which carries the request with the recipient's number and the text, gets past it.
 */
@Injectable()
export class ErrorClassifierInterceptor implements OnModuleInit {
  constructor(
    @Inject(HttpService) private readonly http: HttpService,
    @Inject(ERROR_CODE_TABLE) private readonly codes: CodeTable,
  ) {}

  onModuleInit(): void {
    this.http.axiosRef.interceptors.response.use(
      (response: AxiosResponse<Answer>) => readSuccess(response, this.codes),
      (error: unknown) => {
        throw toProviderError(error, this.codes);
      },
    );
  }
}

/** @throws {ProviderError} for any status but 2xx, for a body that is no JSON object, for a creation without a sid. */
function readSuccess(response: AxiosResponse<Answer>, codes: CodeTable): AxiosResponse<ReadAnswer> {
  const answer = response.data;
  const resource = answer.status < 300 ? parseObject(answer.text) : null;
  if (resource === null || (response.config.method === 'post' && !hasSid(resource))) {
    throw errorFromAnswer(answer, codes, response.config.method === 'get');
  }
  return Object.assign(response, { data: { answer, resource } });
}

function hasSid(resource: ProviderResource): boolean {
  const sid = resource['sid'];
  return typeof sid === 'string' && sid !== '';
}

function toProviderError(error: unknown, codes: CodeTable): ProviderError {
  if (error instanceof ProviderError) return error;
  return errorFromNetwork(asNetworkError(error), codes);
}

function asNetworkError(error: unknown): NetworkError {
  if (error instanceof NetworkError) return error;
  // The adapter takes the signal over, so axios' own cancellation can only have come before it: nothing was written.
  if (isCancel(error)) return new NetworkError('aborted', false, 'ERR_CANCELED');
  // Nothing known throws anything else; what is not known may have come after the write.
  return new NetworkError('aborted', true, codeOf(error));
}
