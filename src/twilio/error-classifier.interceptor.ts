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

/** The `data` of a successful response after the interceptor. */
export interface ReadAnswer {
  readonly answer: Answer;
  /** The body, parsed once. */
  readonly resource: ProviderResource;
}

/**
 * Axios' response interceptor: parses the body of a success, and turns every failure into a ProviderError. It lets no
 * AxiosError through, as that carries the request with the recipient's number and the text.
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

/** @throws {ProviderError} for any status but 2xx, a body that is not a JSON object, or a creation without a sid */
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
  // The adapter takes over the signal, so axios' own cancellation can only have come before it: nothing was written.
  if (isCancel(error)) return new NetworkError('aborted', false, 'ERR_CANCELED');
  // No known code throws anything else; an unknown error may have come after the write.
  return new NetworkError('aborted', true, codeOf(error));
}
