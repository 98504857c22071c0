import { HttpService } from '@nestjs/axios';
import { Inject, Injectable } from '@nestjs/common';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { headerOf } from '../http/answer.headers.js';
import type { ReadAnswer } from './error-classifier.interceptor.js';
import { errorFromAnswer } from './failed.exchange.js';
import type { Answer } from './network.error.js';
import { storable } from './provider.answer.js';
import type { TwilioResource } from './resource.js';
import { readPage, readRecord } from './twilio.records.js';
import type { TwilioRecord } from './twilio.records.js';
import { encodeForm } from './twilio.requests.js';
import { TWILIO_SETTINGS } from './twilio.settings.js';
import type { TwilioSettings } from './twilio.settings.js';
import type { UndiciConfig } from './undici.adapter.js';

/**
 * Records per page. With bodies of 1600 characters, each escaped to six bytes, fifty fit into the response cap of 1
 * MiB; a hundred would not.
 */
const PAGE_SIZE = 50;
const MAX_PAGES = 10;

const PATHS = { message: 'Messages', call: 'Calls' } as const satisfies Record<TwilioResource, string>;

export interface SendIds {
  /** Sent as X-Request-Id, so that the logs of a proxy in between can be matched with ours. */
  readonly attemptId: string;
  /** Sent as Idempotency-Key, the same for every attempt of the delivery. */
  readonly deliveryId: string;
}

export interface AcceptedRequest {
  readonly sid: string;
  readonly requestId: string | null;
  readonly httpStatus: number;
}

export interface ListQuery {
  readonly to: string;
  readonly from?: string;
  /** Compared in whole seconds, Twilio's resolution; callers must allow for clock skew. */
  readonly createdSince: Date;
}

export interface RecordList {
  /** In Twilio's order, newest first. */
  readonly items: readonly TwilioRecord[];
  /** False if there was more than the client reads; then a missing record proves nothing. */
  readonly complete: boolean;
}

/**
 * Twilio's messages and calls over HTTP. Look-ups (list, fetch) take a signal that ends the request on its socket.
 * @throws {ProviderError} and nothing else; for a look-up, its outcome says nothing about any send
 */
@Injectable()
export class TwilioClient {
  readonly #account: string;

  constructor(
    @Inject(HttpService) private readonly http: HttpService,
    @Inject(TWILIO_SETTINGS) settings: TwilioSettings,
  ) {
    this.#account = `/2010-04-01/Accounts/${encodeURIComponent(settings.accountSid)}`;
  }

  /** @param form a MessageRequest or CallRequest, encoded; encoding errors are thrown before this is called */
  async create(resource: TwilioResource, form: string, { attemptId, deliveryId }: SendIds): Promise<AcceptedRequest> {
    const { data } = await this.#request({
      method: 'post',
      url: `${this.#account}/${PATHS[resource]}.json`,
      data: form,
      wireHeaders: ['Idempotency-Key', deliveryId, 'X-Request-Id', attemptId],
    });
    return {
      sid: storable(String(data.resource['sid'])),
      requestId: headerOf(data.answer, 'twilio-request-id'),
      httpStatus: data.answer.status,
    };
  }

  async list(resource: TwilioResource, query: ListQuery, signal?: AbortSignal): Promise<RecordList> {
    const since = Math.floor(query.createdSince.getTime() / 1000) * 1000;
    const items: TwilioRecord[] = [];
    let path: string | null = `${this.#account}/${PATHS[resource]}.json?${listQuery(query)}`;
    for (let read = 0; read < MAX_PAGES && path !== null; read += 1) {
      const { data } = await this.#request({ method: 'get', url: path, signal });
      const page = readPage(data.resource);
      if (page === null) throw unreadable(data.answer);
      // What has no time yet is still to be dialled, so it counts as recent.
      const recent = page.records.filter(({ dateCreated }) => dateCreated === null || dateCreated.getTime() >= since);
      items.push(...recent);
      // Twilio sorts by sending time, so a scheduled message stands above newer ones: only a page without any recent
      // record ends the list.
      path = recent.length === 0 ? null : page.nextPath;
    }
    return { items, complete: path === null };
  }

  async fetch(resource: TwilioResource, sid: string, signal?: AbortSignal): Promise<TwilioRecord> {
    const url = `${this.#account}/${PATHS[resource]}/${encodeURIComponent(sid)}.json`;
    const { data } = await this.#request({ method: 'get', url, signal });
    const record = readRecord(data.resource);
    if (record === null) throw unreadable(data.answer);
    return record;
  }

  /**
   * Uses HttpService's axios directly, interceptors included: its Observable would make a send half as expensive again,
   * for a single value.
   */
  #request(config: AxiosRequestConfig<string> & UndiciConfig): Promise<AxiosResponse<ReadAnswer>> {
    return this.http.axiosRef.request<ReadAnswer>(config);
  }
}

function listQuery({ to, from }: ListQuery): string {
  return encodeForm({ To: to, From: from, PageSize: PAGE_SIZE });
}

/** The page may hold other messages of the recipient, so its text is not kept. */
function unreadable(answer: Answer): Error {
  // The status was 2xx, so there is no code to look up.
  return errorFromAnswer({ ...answer, text: '' }, new Map(), true);
}
