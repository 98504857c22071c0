import { HttpService } from '@nestjs/axios';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { AxiosHeaders, isCancel } from 'axios';
import type { AxiosResponse } from 'axios';
import type { CodeTable } from './classification.js';
import { ERROR_CODE_TABLE } from './error-codes/error-code-table.js';
import { errorFromAnswer, errorFromNetwork } from './failed.exchange.js';
import { NetworkError, codeOf } from './network.error.js';
import type { Answer } from './network.error.js';
import { parseObject } from './provider.answer.js';
import { ProviderError } from './provider.error.js';

/** What every successful answer is turned into: its body, parsed once. */
export type ProviderResource = Readonly<Record<string, unknown>>;

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
      (response: AxiosResponse<string>) => readSuccess(response, this.codes),
      (error: unknown) => {
        throw toProviderError(error, this.codes);
      },
    );
  }
}

/** @throws {ProviderError} for any status but 2xx, for a body that is no JSON object, for a creation without a sid. */
function readSuccess(response: AxiosResponse<string>, codes: CodeTable): AxiosResponse<ProviderResource> {
  const resource = response.status < 300 ? parseObject(response.data) : null;
  if (resource === null || (response.config.method === 'post' && !hasSid(resource))) {
    throw errorFromAnswer(answerOf(response, response.data), codes);
  }
  return Object.assign(response, { data: resource });
}

function hasSid(resource: ProviderResource): boolean {
  const sid = resource['sid'];
  return typeof sid === 'string' && sid !== '';
}

/** Back from axios' view of an answer. */
export function answerOf({ status, headers }: AxiosResponse, text: string): Answer {
  return { status, headers: headers instanceof AxiosHeaders ? headers.toJSON(true) : {}, text };
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
