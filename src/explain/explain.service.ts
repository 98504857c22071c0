import { Inject, Injectable } from '@nestjs/common';
import { triedChannels } from '../channels/channels-left.js';
import { FallbackService } from '../channels/fallback.service.js';
import { Snapshots } from '../database/snapshots.js';
import { NotificationReader, type NotificationHistory, type Visibility } from '../notifications/notification.reader.js';
import type { Channel } from '../policy/vocabulary.js';
import { notFound } from '../problems/problem.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { DecisionRecord } from './decision.entity.js';
import { explainedDecisions } from './explanation.js';
import type { ExplanationDto } from './explanation.dto.js';
import { explainedNext, type WaitingWork } from './next.sentence.js';

const WAITING_WORK = `
    SELECT o.delivery_id AS "deliveryId", o.stage, o.channel, o.expires_at AS "expiresAt", o.due_at AS "dueAt", o.lease_token IS NOT NULL AS leased, o.attempts,
      o.held_by IS NOT NULL AS held, service_now() AS now,
      CASE WHEN c.state = 'open' THEN c.next_probe_at END AS "nextProbeAt",
      CASE WHEN c.id IS NOT NULL
        THEN json_build_object('scope', c.scope, 'reason', c.reason, 'state', c.state, 'cause', c.cause) END AS circuit
    FROM outbox o LEFT JOIN circuits c ON c.id = o.held_by
    WHERE o.notification_id = $1`;

/** Explains a notification: what was decided, by which rule, and what comes next. */
@Injectable()
export class ExplainService {
  constructor(
    private readonly notifications: NotificationReader,
    private readonly snapshots: Snapshots,
    private readonly fallback: FallbackService,
    @Inject(ERROR_CODE_TABLE) private readonly codes: TwilioErrorCodeTable,
  ) {}

  /** @throws Problem `not-found` if it does not exist or belongs to another client */
  async explain(id: string, visibility: Visibility): Promise<ExplanationDto> {
    const { history, decisions, work } = await this.snapshots.read(async (snapshot) => ({
      history: await this.notifications.findIn(snapshot, id, visibility),
      decisions: await snapshot.find(DecisionRecord, {
        where: { notificationId: id },
        order: { at: 'ASC', id: 'ASC' },
      }),
      work: (await snapshot.query<WaitingWork[]>(WAITING_WORK, [id]))[0] ?? null,
    }));
    if (!history) throw notFound('notification');
    const next = explainedNext(history, work, work && this.following(history, work));
    return {
      id,
      status: history.notification.status,
      decisions: explainedDecisions(history, decisions, this.codes).map(({ at, ...decision }) => ({
        at: at.toISOString(),
        ...decision,
      })),
      next: next && { ...next, at: next.at?.toISOString() ?? null },
    };
  }

  /**
   * The channel that would take over from the delivery that is worked on. That need not be the latest one: a fallback
   * may have been dropped.
   */
  private following({ notification, deliveries, attempts }: NotificationHistory, work: WaitingWork): Channel | null {
    const present = deliveries.find(({ id }) => id === work.deliveryId);
    if (!present) return null;
    const tried = triedChannels(
      deliveries.map(({ id, channel, status }) => ({
        channel,
        calledOff: status === 'canceled',
        attempted: attempts.some(({ deliveryId }) => deliveryId === id),
      })),
    );
    const { channels, content } = notification;
    const { channel, changes } = present;
    return this.fallback.remaining({ channels, content, channel, changes, tried })[0] ?? null;
  }
}
