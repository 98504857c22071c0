import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import type { HeldProvider, HeldRequest } from './support/held-provider.js';
import type { ServiceUnderTest } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

/** A retry waits until the test lets time pass; there is one. */
export const PATIENT = { RETRY_BASE_MS: '60000', RETRY_BUDGET_MS: '86400000', RETRY_MAX: '1' };

const A_WHILE_MS = 300_000;
let sids = 0;

export function newSid(): string {
  sids += 1;
  return `SM${String(sids).padStart(32, '0')}`;
}

/** A notification whose provider answers when the test says so, and what the test asks about it. */
export class Story {
  private readonly twilio: TwilioCallback;

  private constructor(
    private readonly service: ServiceUnderTest,
    private readonly provider: HeldProvider,
    readonly id: string,
    readonly to: string,
  ) {
    this.twilio = new TwilioCallback(service);
  }

  static async begin(
    service: ServiceUnderTest,
    provider: HeldProvider,
    to: string,
    channels: readonly string[],
    more: Record<string, unknown> = {},
  ): Promise<Story> {
    const id = await service.api.send({ to, channels, body: 'Hello', ...more });
    return new Story(service, provider, id, to);
  }

  request(index: number, to = this.to): Promise<HeldRequest> {
    return this.provider.request(to, index);
  }

  /** The request number `index` is accepted, and that is on disk. */
  async accepted(index: number, to = this.to): Promise<{ attemptId: string; sid: string }> {
    const sid = newSid();
    const request = await this.request(index, to);
    request.accept(sid);
    await this.recorded(request.attemptId, 'accepted');
    return { attemptId: request.attemptId, sid };
  }

  /** The request number `index` is refused, and that is on disk. */
  async refused(index: number, status: number, code: number): Promise<string> {
    const { attemptId, refuse } = await this.request(index);
    refuse(status, code);
    await this.recorded(attemptId, status >= 500 ? 'unknown' : 'rejected');
    return attemptId;
  }

  /** The first channel is given up without a word whether the provider accepted it; the next one's request is number 2. */
  async givenUpUnknown(): Promise<string> {
    const attemptId = await this.refused(0, 503, 20503);
    await this.timePasses();
    await this.refused(1, 503, 20503);
    await this.timePasses();
    return attemptId;
  }

  recorded(attemptId: string, outcome: string): Promise<NotificationDto> {
    return this.until(({ deliveries }) =>
      deliveries.some(({ attempts }) => attempts.some((a) => a.id === attemptId && a.outcome === outcome)),
    );
  }

  until(reached: (notification: NotificationDto) => boolean): Promise<NotificationDto> {
    return this.service.api.until(this.id, reached);
  }

  async read(): Promise<NotificationDto> {
    return (await this.service.api.get<NotificationDto>(`/v1/notifications/${this.id}`)).body;
  }

  /** A status callback. @returns the notification after it. */
  async reports(attemptId: string, sid: string, status: string, code?: number): Promise<NotificationDto> {
    const answer = await this.twilio.message(attemptId, sid, status, code ? { ErrorCode: String(code) } : {});
    if (answer.status !== 204) throw new Error(`The callback was answered ${answer.status}`);
    return this.read();
  }

  /** More than any retry waits. Not to be called while an attempt is in flight: its lease would be over. */
  timePasses(): Promise<void> {
    return moveClock(this.service.databaseUrl, A_WHILE_MS);
  }

  /** What its outbox row is for, where it has one. */
  async work(): Promise<{ stage: string; channel: string } | null> {
    const { rows } = await this.service.database.query<{ stage: string; channel: string }>(
      'SELECT stage, channel FROM outbox WHERE notification_id = $1',
      [this.id],
    );
    return rows[0] ?? null;
  }

  /** Resolves when its work waits in a circuit: a dispatcher has taken it, found the circuit open and given it back. */
  async untilHeld(): Promise<void> {
    const held = 'SELECT FROM outbox WHERE notification_id = $1 AND held_by IS NOT NULL AND lease_token IS NULL';
    await eventually(
      async () => (await this.service.database.query(held, [this.id])).rows,
      ({ length }) => length === 1,
    );
  }

  async sentences(): Promise<string> {
    const { rows } = await this.service.database.query<{ sentence: string }>(
      'SELECT sentence FROM decisions WHERE notification_id = $1 ORDER BY id',
      [this.id],
    );
    return rows.map(({ sentence }) => sentence).join('\n');
  }

  /** The next steps of its failed callbacks. */
  async stepsAfterCallbacks(): Promise<{ kind: string; reason: string }[]> {
    const { rows } = await this.service.database.query<{ step: { kind: string; reason: string } }>(
      'SELECT next_step AS step FROM failures WHERE notification_id = $1 AND callback_id IS NOT NULL ORDER BY id',
      [this.id],
    );
    return rows.map(({ step }) => step);
  }
}
