import { Readable, pipeline } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { FailureDto } from './failure.dto.js';

type Row = Omit<FailureDto, 'nextStep'> & {
  readonly nextStep: string;
  readonly nextStepAt?: string;
  readonly nextStepChannel?: string;
  readonly nextStepReason: string;
};

const COLUMNS = [
  'id',
  'at',
  'notificationId',
  'deliveryId',
  'attemptId',
  'callbackId',
  'clientId',
  'channel',
  'number',
  'startedAt',
  'durationMs',
  'outcome',
  'httpStatus',
  'providerCode',
  'providerMessage',
  'providerRequestId',
  'errorClass',
  'responsible',
  'nextStep',
  'nextStepAt',
  'nextStepChannel',
  'nextStepReason',
  'possibleDuplicate',
  'providerBody',
] as const satisfies readonly (keyof Row)[];

/**
 * Failures as CSV (RFC 4180): a header line, CRLF, quotes where needed. Text that a spreadsheet would run as a formula,
 * such as the provider's, is defused with an apostrophe. Reads its source only as fast as it is read itself.
 * @param onBreak learns why the export broke off; its reader only sees that it did
 */
export function failuresCsv(failures: AsyncIterable<FailureDto>, onBreak: (error: Error) => void): Readable {
  const csv = stringify({
    header: true,
    columns: COLUMNS,
    record_delimiter: 'windows',
    quote_record_delimiter: true,
    escape_formulas: true,
    cast: { boolean: String },
  });
  // This also ends the source when the reader goes away.
  pipeline(Readable.from(rowsOf(failures), { highWaterMark: 16 }), csv, (error) => {
    if (error && !isGoodbye(error)) onBreak(error);
  });
  return csv;
}

function isGoodbye({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ERR_STREAM_PREMATURE_CLOSE';
}

async function* rowsOf(failures: AsyncIterable<FailureDto>): AsyncGenerator<Row> {
  for await (const { nextStep, ...failure } of failures) {
    yield {
      ...failure,
      nextStep: nextStep.kind,
      nextStepAt: nextStep.at,
      nextStepChannel: nextStep.channel,
      nextStepReason: nextStep.reason,
    };
  }
}
