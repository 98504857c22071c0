import { z } from 'zod';
import { providerCode, storable } from './provider.answer.js';

/** A message or call as stored at Twilio; `body` and `errorCode` are null for a call. */
export interface TwilioRecord {
  readonly sid: string;
  readonly to: string;
  /** Null until a Messaging Service has picked a sender. */
  readonly from: string | null;
  /** The account's default one if the request named none; null in older records and for calls. */
  readonly messagingServiceSid: string | null;
  /** Empty if the account redacts bodies. */
  readonly body: string | null;
  readonly status: string;
  /** `outbound-api` if an API request created it. */
  readonly direction: string;
  /** In whole seconds, Twilio's resolution; null for a call that still waits to be dialled. */
  readonly dateCreated: Date | null;
  readonly errorCode: number | null;
  readonly errorMessage: string | null;
}

export interface RecordPage {
  readonly records: readonly TwilioRecord[];
  /** Path and query of the next page; null after the last. */
  readonly nextPath: string | null;
}

/** The parts of a record that are stored. */
const kept = z.string().transform(storable);

const record = z
  .object({
    sid: kept.pipe(z.string().min(1)),
    to: z.string(),
    from: z.string().nullish(),
    messaging_service_sid: z.string().nullish(),
    body: z.string().nullish(),
    status: kept,
    direction: z.string(),
    // RFC 2822, e.g. "Thu, 24 Aug 2023 05:01:45 +0000".
    date_created: z
      .string()
      .refine((value) => !Number.isNaN(Date.parse(value)))
      .nullable(),
    error_code: z.unknown().optional(),
    error_message: kept.nullish(),
  })
  .transform((raw): TwilioRecord => ({
    sid: raw.sid,
    to: raw.to,
    from: raw.from ?? null,
    messagingServiceSid: raw.messaging_service_sid ?? null,
    body: raw.body ?? null,
    status: raw.status,
    direction: raw.direction,
    dateCreated: raw.date_created === null ? null : new Date(raw.date_created),
    errorCode: providerCode(raw.error_code),
    errorMessage: raw.error_message ?? null,
  }));

const page = z.object({
  messages: z.array(record).optional(),
  calls: z.array(record).optional(),
  // Only a path is accepted: an address elsewhere would receive the credentials.
  next_page_uri: z.string().startsWith('/').nullish(),
});

/** Reads one message or call; null if the resource is not as Twilio documents it. */
export function readRecord(resource: unknown): TwilioRecord | null {
  return record.safeParse(resource).data ?? null;
}

/** Reads one page of a list; null if the resource is not as Twilio documents it. */
export function readPage(resource: unknown): RecordPage | null {
  const { data } = page.safeParse(resource);
  const records = data?.messages ?? data?.calls;
  return records === undefined ? null : { records, nextPath: data?.next_page_uri ?? null };
}
