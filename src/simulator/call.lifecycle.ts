import { callSeconds, type CallEvent, type CallRecord, type CallStatus } from './call.record.js';
import type { Fault } from './faults.js';
import type { MessageStatus } from './message.record.js';
import { placeParameters } from './place.parameters.js';
import { rfc2822 } from './rfc2822.date.js';

/** One event in a call's life. `initiated` has no counterpart among the resource's statuses. */
export interface CallStep {
  readonly event: CallEvent;
  readonly status: CallStatus | 'initiated';
}

const INITIATED: CallStep = { event: 'initiated', status: 'initiated' };
const RINGING: CallStep = { event: 'ringing', status: 'ringing' };
const ANSWERED: CallStep = { event: 'answered', status: 'in-progress' };
const COMPLETED: CallStep = { event: 'completed', status: 'completed' };
const ORDINARY: readonly CallStep[] = [INITIATED, RINGING, ANSWERED, COMPLETED];

/** The steps to each status in which a fault may leave a call. Statuses that only a message can have change nothing. */
const PATH_TO: Readonly<Record<CallStatus | MessageStatus, readonly CallStep[]>> = {
  queued: [],
  ringing: [INITIATED, RINGING],
  'in-progress': [INITIATED, RINGING, ANSWERED],
  completed: ORDINARY,
  busy: [INITIATED, RINGING, { event: 'completed', status: 'busy' }],
  'no-answer': [INITIATED, RINGING, { event: 'completed', status: 'no-answer' }],
  failed: [INITIATED, { event: 'completed', status: 'failed' }],
  canceled: [INITIATED, { event: 'completed', status: 'canceled' }],
  accepted: ORDINARY,
  scheduled: ORDINARY,
  sending: ORDINARY,
  sent: ORDINARY,
  delivered: ORDINARY,
  read: ORDINARY,
  undelivered: ORDINARY,
};

/** The steps after `queued`. Endings without an answer are reported with the event `completed`. */
export function callSteps(fault: Fault | null): readonly CallStep[] {
  return fault?.kind === 'callback' ? PATH_TO[fault.status] : ORDINARY;
}

export function takeCallStep(call: CallRecord, step: CallStep, now: number): void {
  call.updatedAt = now;
  if (step.status === 'initiated') {
    call.startedAt = now;
    return;
  }
  call.status = step.status;
  if (step.event === 'answered') call.answeredAt = now;
  if (step.event === 'completed') call.endedAt = now;
}

/** The SIP status with which a call ends in each way. */
const SIP_STATUSES: ReadonlyMap<CallStatus, string> = new Map([
  ['completed', '200'],
  ['busy', '486'],
  ['no-answer', '480'],
  ['failed', '404'],
  ['canceled', '487'],
]);

/** The parameters of a call's status callback; also counts it. Source: Call resource, StatusCallback parameters. */
export function callCallback(call: CallRecord, step: CallStep, accountSid: string): Record<string, string> {
  const parameters: Record<string, string> = {
    CallSid: call.sid,
    CallStatus: step.status,
    AccountSid: accountSid,
    From: call.from,
    To: call.to,
    Caller: call.from,
    Called: call.to,
    ...placeParameters({ Caller: call.from, From: call.from, Called: call.to, To: call.to }),
    Direction: 'outbound-api',
    ApiVersion: '2010-04-01',
    CallbackSource: 'call-progress-events',
    Timestamp: rfc2822(call.updatedAt),
    SequenceNumber: String(call.callbacksMade),
  };
  call.callbacksMade += 1;
  const seconds = callSeconds(call);
  if (seconds !== null) {
    parameters['CallDuration'] = String(seconds);
    parameters['Duration'] = String(Math.ceil(seconds / 60));
  }
  const sipStatus = SIP_STATUSES.get(call.status);
  if (sipStatus !== undefined) parameters['SipResponseCode'] = sipStatus;
  return parameters;
}
