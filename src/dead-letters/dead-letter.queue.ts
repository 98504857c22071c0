import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Searches } from '../database/searches.js';
import { FailureHistory } from '../failures/failure.history.js';
import { pageById, type Page } from '../http/pagination.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Channel } from '../policy/vocabulary.js';
import { notFound } from '../problems/problem.js';
import { codesThatMayHaveArrived, type TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { adviceFor, whatToDo } from './advice.js';
import type { DeadLetterDetailDto } from './dead-letter.detail.dto.js';
import { toDeadLetterDto, type DeadLetterDto } from './dead-letter.dto.js';
import type { DeadLetter } from './dead-letter.entity.js';
import { filterValues, type DeadLettersQuery } from './dead-letter.filter.js';
import { FIND_DEAD_LETTER, LIST_DEAD_LETTERS } from './dead-letter.sql.js';

const SHOWN_FAILURES = 10;

type FoundDeadLetter = DeadLetter & {
  readonly to: string;
  readonly channels: readonly Channel[];
  readonly notificationStatus: NotificationStatus;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly expired: boolean;
  readonly contentKept: boolean;
  readonly maybeAccepted: boolean;
};

/** Shows the review queue. */
@Injectable()
export class DeadLetterQueue {
  constructor(
    private readonly database: Database,
    private readonly searches: Searches,
    private readonly failures: FailureHistory,
    @Inject(ERROR_CODE_TABLE) private readonly table: TwilioErrorCodeTable,
  ) {}

  /** Newest first. */
  async page(query: DeadLettersQuery): Promise<Page<DeadLetterDto>> {
    const filter = filterValues(query, query.state);
    return await pageById('dead-letters', query, async (before, most) => {
      const values = [...filter, before, most];
      const rows = await this.searches.run(() => this.database.run<DeadLetter>(LIST_DEAD_LETTERS, values));
      return rows.map(toDeadLetterDto);
    });
  }

  /** @throws Problem `not-found` */
  async find(id: string): Promise<DeadLetterDetailDto> {
    const [found] = await this.database.run<FoundDeadLetter>(FIND_DEAD_LETTER, [
      id,
      codesThatMayHaveArrived(this.table),
    ]);
    if (!found) throw notFound('dead letter');
    const { to, channels, notificationStatus, createdAt, expiresAt, expired, contentKept, maybeAccepted } = found;
    const advice = adviceFor(found, this.table);
    return Object.assign(toDeadLetterDto(found), {
      to,
      channels,
      notificationStatus,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
      expired,
      contentKept,
      maybeAccepted,
      codeName: advice.name,
      whatToDo: whatToDo(found, advice.action),
      source: advice.source,
      failures: await this.failures.latestOf(found.notificationId, SHOWN_FAILURES),
    });
  }
}
