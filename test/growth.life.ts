import { createHash, randomUUID } from 'node:crypto';
import { CallbackIntake } from '../src/callbacks/callback.intake.js';
import { NotificationIntake } from '../src/outbox/notification.intake.js';
import { Outbox } from '../src/outbox/outbox.js';
import type { NewNotification, Work } from '../src/outbox/work.js';
import type { NextStep } from '../src/policy/next-step.js';
import type { ObservedService } from './growth.setup.js';
import { failureOfClass } from './support/failure.js';

const TOO_MANY = failureOfClass(
  'rate_limited',
  {
    httpStatus: 429,
    providerCode: 20429,
    providerMessage: 'Too many requests',
    providerBody: '{"code":20429,"message":"Too many requests","status":429}',
  },
  { scope: 'account', rule: 'Twilio code 20429' },
);

/** "Unreachable destination handset": another channel may reach the recipient, and none of the tour's is set up. */
const UNREACHABLE = 30003;

/** The steps of a notification's life, each for many at once, through the very objects that the service uses. */
export class Life {
  private readonly intake: NotificationIntake;
  private readonly outbox: Outbox;
  private readonly callbacks: CallbackIntake;

  constructor({ app }: Pick<ObservedService, 'app'>) {
    this.intake = app.get(NotificationIntake);
    this.outbox = app.get(Outbox);
    this.callbacks = app.get(CallbackIntake);
  }

  async accept(notifications: readonly NewNotification[]): Promise<void> {
    await Promise.all(notifications.map((notification) => this.intake.enqueue(notification)));
  }

  claim(count: number): Promise<readonly Work[]> {
    return this.outbox.claim(count);
  }

  /** The provider accepted all of it. */
  async settle(work: readonly Work[]): Promise<void> {
    const startedAt = new Date();
    await Promise.all(
      work.map((piece) =>
        this.outbox.settleAccepted({
          work: piece,
          startedAt,
          durationMs: 120,
          httpStatus: 201,
          providerSid: sidOf(piece),
          providerRequestId: `RQ${randomUUID().replaceAll('-', '')}`,
        }),
      ),
    );
  }

  /** The provider refused all of it. */
  async refuse(work: readonly Work[], step: NextStep): Promise<void> {
    const attempt = { startedAt: new Date(), durationMs: 120 };
    await Promise.all(
      work.map((piece) => this.outbox.settleUnsuccessful({ work: piece, attempt, failure: TOO_MANY, step })),
    );
  }

  /** The provider calls back with the same status for all of it. */
  async report(work: readonly Work[], status: 'sent' | 'delivered' | 'undelivered'): Promise<void> {
    await Promise.all(
      work.map((piece) => {
        const providerSid = sidOf(piece);
        return this.callbacks.take({
          evidence: 'callback',
          attemptId: piece.attemptId,
          resource: 'message',
          providerSid,
          status,
          errorCode: status === 'undelivered' ? UNREACHABLE : null,
          params: {
            MessageSid: providerSid,
            SmsSid: providerSid,
            MessageStatus: status,
            SmsStatus: status,
            To: piece.recipient,
            From: piece.sender,
            AccountSid: 'AC0123456789abcdef0123456789abcdef',
            ApiVersion: '2010-04-01',
          },
        });
      }),
    );
  }
}

/** As random as the provider's. */
function sidOf({ attemptId }: Work): string {
  return `SM${createHash('sha256').update(attemptId).digest('hex').slice(0, 32)}`;
}
