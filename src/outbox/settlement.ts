import { plainArray } from '../database/array-literal.js';
import type { Database, StatementRunner } from '../database/database.js';
import { channelsLeft } from '../channels/channels-left.js';
import { recipientOf } from '../channels/corrected.js';
import { carriedTo } from './carried-changes.js';
import { RECORD_LATE_FAILURE } from './late-failure.sql.js';
import { OVERTAKEN } from './overtaken.js';
import { RETURN_TO_CHANNEL } from './return-to-channel.sql.js';
import { SETTLE_ACCEPTED } from './settle-accepted.sql.js';
import { SETTLE_UNSUCCESSFUL } from './settle-unsuccessful.sql.js';
import { newId } from '../identifiers/new-id.js';
import { recordedStep } from '../policy/next-step.js';
import { NO_ANSWER_RULE } from '../policy/rule.words.js';
import { deadLetterClass, type AcceptedAttempt, type UnsuccessfulWork, type Work } from './work.js';

/**
 * `settled`: on disk. `overtaken`: on disk, but the notification was over already, so the work ended and nothing else
 * followed ({@link OVERTAKEN}). `late`: accepted, but the lease had moved on, and whoever has the work does not know of
 * the acceptance yet. `stale`: the lease had moved on, and nothing follows from the result any more; what it says about
 * its attempt is kept.
 */
export type SettleOutcome = 'settled' | 'overtaken' | 'late' | 'stale';

/** For groups of results. A statement finds leases by notification, so a group holds one of each, the older first. */
export const ONE_OF_EACH = {
  maxGroup: 200,
  maxWaiting: Number.POSITIVE_INFINITY,
  subjectOf: ({ work }: { readonly work: Work }) => work.notificationId,
};

type Named = { notificationId: string };

/** Writes a group of accepted attempts in one statement. */
export async function settleAccepted(
  database: StatementRunner,
  group: readonly AcceptedAttempt[],
): Promise<readonly SettleOutcome[]> {
  const sorted = group.toSorted((a, b) => (a.work.notificationId < b.work.notificationId ? -1 : 1));
  const moved = await database.run<Named & { known: 'settled' | 'stale' | null }>(SETTLE_ACCEPTED, [
    plainArray(sorted.map((r) => r.work.notificationId)),
    plainArray(sorted.map((r) => r.work.deliveryId)),
    plainArray(sorted.map((r) => r.work.leaseToken)),
    plainArray(sorted.map((r) => r.work.attemptId)),
    plainArray(sorted.map((r) => r.work.attemptNumber)),
    // In milliseconds: for both sides, a time as text takes longer than the rest of the row.
    plainArray(sorted.map((r) => r.startedAt.getTime())),
    plainArray(sorted.map((r) => r.durationMs)),
    plainArray(sorted.map((r) => r.httpStatus)),
    sorted.map((r) => r.providerSid),
    sorted.map((r) => r.providerRequestId),
    plainArray(sorted.map((r) => r.work.possibleDuplicate)),
    plainArray(sorted.map((r) => awaitMs(r))),
  ]);
  const outcomes = new Map(moved.map(({ notificationId, known }) => [notificationId, known ?? 'late'] as const));
  return group.map(({ work }) => outcomes.get(work.notificationId) ?? 'settled');
}

/** Watching for a receipt makes sense only while another channel is left. */
function awaitMs({ work }: AcceptedAttempt): number | null {
  if (work.fallbackAfterSeconds === null || channelsLeft(work).length === 0) return null;
  return work.fallbackAfterSeconds * 1000;
}

/**
 * Writes a group of unsuccessful work in one statement.
 * @param incidentWindowMs how long before an incident was recognised its faults began, in milliseconds
 */
export async function settleUnsuccessful(
  database: Database,
  group: readonly UnsuccessfulWork[],
  incidentWindowMs: number,
): Promise<readonly SettleOutcome[]> {
  const overtaken = JSON.stringify(recordedStep(OVERTAKEN.step));
  const rows = group.map(unsuccessfulRow);
  const settled = await database.run<Named & { overtaken: boolean }>(SETTLE_UNSUCCESSFUL, [
    JSON.stringify(rows),
    overtaken,
    OVERTAKEN.decision.rule,
    OVERTAKEN.decision.sentence,
    incidentWindowMs,
  ]);
  const outcomes = new Map<string, SettleOutcome>(
    settled.map((row) => [row.notificationId, row.overtaken ? 'overtaken' : 'settled']),
  );
  const late = rows.filter((row) => !outcomes.has(row.notification_id));
  if (late.length > 0) {
    const found = await database.run<Named & { written: 'settled' | 'overtaken' | null }>(RECORD_LATE_FAILURE, [
      JSON.stringify(late),
      overtaken,
      OVERTAKEN.decision.sentence,
    ]);
    for (const { notificationId, written } of found) outcomes.set(notificationId, written ?? 'stale');
  }
  // One by one, so that no statement here holds one notification while it waits for another.
  for (const [notificationId, outcome] of outcomes) {
    if (outcome === 'overtaken') await database.run(RETURN_TO_CHANNEL, [notificationId]);
  }
  return group.map(({ work }) => outcomes.get(work.notificationId) ?? 'stale');
}

function unsuccessfulRow(result: UnsuccessfulWork) {
  const { work, attempt, failure, step, decision } = result;
  return {
    notification_id: work.notificationId,
    delivery_id: work.deliveryId,
    client_id: work.clientId,
    lease_token: work.leaseToken,
    channel: work.channel,
    category: work.category,
    recipient: recipientOf(work),
    ...effect(result),
    attempt_id: work.attemptId,
    attempt_number: work.attemptNumber,
    attempt_started_at: attempt?.startedAt ?? work.attemptStartedAt,
    duration_ms: attempt?.durationMs ?? null,
    outcome: attempt ? (failure?.outcome ?? 'unknown') : null,
    possible_duplicate: work.possibleDuplicate,
    records_failure: attempt !== null && failure !== null,
    http_status: failure?.httpStatus ?? null,
    provider_code: failure?.providerCode ?? null,
    provider_message: failure?.providerMessage ?? null,
    provider_body: failure?.providerBody ?? null,
    provider_request_id: failure?.providerRequestId ?? null,
    error_class: deadLetterClass(result),
    responsible: failure?.classification.responsible ?? 'provider',
    rule: failure?.classification.rule ?? NO_ANSWER_RULE,
    next_step: recordedStep(step),
    decision_rule: decision?.rule ?? null,
    decision_sentence: decision?.sentence ?? null,
  };
}

/** The step's effect on the outbox row: it waits, starts another delivery, or goes. */
function effect({ work, failure, step, nextSender, heldBy, attempt, lookups }: UnsuccessfulWork) {
  const wait = {
    action: 'wait',
    wait_ms: 0 as number | null,
    spends_retry: false,
    spends_ms: 0,
    held_by: null as string | null,
    exhausted: work.exhausted,
    lookups: lookups ?? work.lookups,
  };
  switch (step.kind) {
    case 'retry':
      return {
        ...wait,
        stage: 'send',
        wait_ms: step.waitMs,
        spends_retry: step.spendsRetry ?? true,
        spends_ms: step.waitMs,
      };
    case 'reconcile':
      return {
        ...wait,
        stage: 'reconcile',
        wait_ms: step.waitMs,
        spends_retry: step.spendsRetry,
        spends_ms: step.spendsRetry ? step.waitMs : 0,
        exhausted: step.exhausted,
      };
    case 'hold': {
      const unknown = attempt ? failure?.outcome === 'unknown' : work.stage === 'reconcile';
      // It keeps its place, except for a probe that failed: it goes to the back, so that another one is tried next.
      const failedProbe = work.probe && heldBy === work.releasedBy;
      const wait_ms = failedProbe ? 0 : null;
      return { ...wait, wait_ms, stage: unknown ? 'reconcile' : 'send', held_by: heldBy ?? null };
    }
    case 'fallback':
      return {
        action: 'fallback',
        next_channel: step.channel,
        next_delivery_id: newId(),
        next_sender: nextSender,
        next_changes: carriedTo(work.changes),
      };
    case 'dead_letter':
      return { action: 'end', opens_dead_letter: true, dead_letter_reason: step.reason };
    case 'none':
      return { action: 'end' };
  }
}
