import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { CallbackJournal } from '../callbacks/callback.journal.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Journal } from '../dispatch/journal.js';
import { Circuits } from '../incidents/circuits.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { alarmOf } from './alarm.js';
import { AlarmBuffer } from './alarm.buffer.js';
import { alertFor } from './alert.policy.js';
import { AlertRegister } from './alert.register.js';
import { occurrenceOfCallback, occurrenceOfWork, type Occurrence } from './occurrence.js';

const FLUSH_MS = 250;
const DATABASE_AWAY_MS = 1000;

/**
 * Hears of everything that fails and writes down what on-call should know. Hearing costs a map entry; writing is done
 * separately and added up, so that alerts never slow a send.
 */
@Injectable()
export class AlertCollector implements OnModuleInit, OnApplicationShutdown {
  private readonly buffer = new AlarmBuffer();
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly register: AlertRegister,
    private readonly journal: Journal,
    private readonly callbacks: CallbackJournal,
    private readonly circuits: Circuits,
    @Inject(ERROR_CODE_TABLE) private readonly codes: TwilioErrorCodeTable,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.journal.subscribe({ onUnsuccessful: (result) => this.hear(occurrenceOfWork(result)) });
    this.callbacks.subscribe({
      onFailed: (state, report, classification, step) =>
        this.hear(occurrenceOfCallback(state, report.errorCode, classification, step)),
    });
  }

  /** After the dispatcher has drained and before the database is closed: what the drain brought counts, too. */
  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.writing;
    await this.write();
  }

  private hear(occurrence: Occurrence): void {
    const decision = alertFor(occurrence, this.configuration.twilio.accountSid);
    if (decision === null) return;
    if (decision.kind === 'count') this.buffer.noteHeld(decision.subjectId);
    else this.buffer.note(alarmOf(decision, occurrence, this.codes));
    this.writeIn(FLUSH_MS);
  }

  private writeIn(ms: number): void {
    if (this.closed || this.timer) return;
    this.timer = setTimeout(() => {
      this.writing = this.writeAndGoOn();
    }, ms);
  }

  private async writeAndGoOn(): Promise<void> {
    const written = await this.write();
    this.timer = null;
    if (!this.buffer.isEmpty) this.writeIn(written ? FLUSH_MS : DATABASE_AWAY_MS);
  }

  /** @returns false if something could not be written; it stays in the buffer. */
  private async write(): Promise<boolean> {
    const { alarms, held } = this.buffer.snapshot();
    try {
      // One statement per alert, each on its own: none waits for a lock while it holds another.
      for (const noted of alarms) {
        await this.register.raise(noted.alarm, { count: { added: noted.count } });
        this.buffer.alarmWritten(noted);
      }
      for (const [subjectId, count] of held) {
        // The alert opens with the circuit, which may take longer than a flush: before, it would count for nothing.
        if (!this.circuits.isSaved(subjectId)) continue;
        await this.register.addHeld(subjectId, count);
        this.buffer.heldWritten(subjectId, count);
      }
      return true;
    } catch (error) {
      this.log.error({ err: loggableError(error) }, 'alerts could not be written yet; trying again');
      return false;
    }
  }
}
