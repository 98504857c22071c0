import type { ProviderReport } from '../callbacks/provider-report.js';
import type { Decision, Work } from '../outbox/work.js';
import { reportOf } from '../receipts/receipt.report.js';
import { effectOf } from '../twilio/reported-effect.js';
import type { TwilioRecord } from '../twilio/twilio.records.js';

/** What became of a message that was found in the provider's list, and the sentence that explains how it is known. */
export interface EndShown {
  readonly report: ProviderReport;
  readonly because: Decision;
}

/**
 * Whatever lost the answer to the request may have lost its callbacks as well. So the end that the list shows is not
 * left to a callback. Null if it shows none yet. Pure.
 */
export function endShown(work: Work, record: TwilioRecord): EndShown | null {
  const report = reportOf(work, record);
  if (effectOf(report) === 'noted') return null;
  const sentence = `No callback had told what became of it, but the provider's list does: ${record.status}.`;
  return { report, because: { rule: 'missing receipt', sentence } };
}
