import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Database, type Statement } from '../src/database/database.js';
import { Outbox } from '../src/outbox/outbox.js';
import type { NewNotification, Work } from '../src/outbox/work.js';
import type { NextStep } from '../src/policy/next-step.js';
import { OWNED_SIDS, RIVALS } from '../src/reconciliation/evidence.sql.js';
import { Life } from './growth.life.js';
import { seedHistory } from './growth.seed.js';
import { shareExplainingPostgres, type GrowthDatabase, type ObservedService } from './growth.setup.js';
import { acceptanceOf, DEAD_LETTER, failure, RECONCILE, sidOf } from './outbox.setup.js';
import { newNotifications } from './support/new-notifications.js';

const FINISHED = 100_000;
/** As many as a number has that gets many, and a look at each of what is in flight. */
const PAGES = 2000;
const ASKED_LATER = { ...RECONCILE, waitMs: 86_400_000 };
const HEARTBEAT = '+15559990000';
const MINUTE = 60_000;
const WEEKS = 21 * 24 * 60 * MINUTE;

const postgres = shareExplainingPostgres();

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.each([
  ['that were never analysed', false],
  ['that were analysed', true],
])(
  `the question whose message it is, with ${FINISHED} finished notifications to its number, in tables %s`,
  (_, analysed) => {
    let database: GrowthDatabase;
    let service: ObservedService;
    let life: Life;
    let outbox: Outbox;
    beforeAll(async () => {
      database = await postgres().createDatabase({ autovacuum: false });
      await seedHistory(database.admin, FINISHED, HEARTBEAT);
      if (analysed) await database.admin.query('VACUUM ANALYZE');
      service = await database.serve();
      life = new Life(service);
      outbox = service.app.get(Outbox);
    });

    /** Leased; its notification was accepted weeks ago, as one that a human has sent again or that was scheduled. */
    async function lease(more: Partial<NewNotification> = {}): Promise<Work> {
      const [notification] = newNotifications(1) as [NewNotification];
      const createdAt = new Date(Date.now() - WEEKS);
      const id = notification.id.replace(/^.{13}/, firstDigitsOf(createdAt));
      await life.accept([{ ...notification, recipient: HEARTBEAT, channels: ['sms'], ...more, id }]);
      const [work] = await life.claim(1);
      if (!work) throw new Error('Nothing is due');
      return work;
    }

    const fail = (work: Work, step: NextStep) =>
      outbox.settleUnsuccessful({
        work,
        attempt: { startedAt: work.attemptStartedAt, durationMs: 10 },
        failure: failure('unknown'),
        step,
      });

    async function ask<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
      const { executions, result } = await service.executions.during(() =>
        service.app.get(Database).run<Row>(statement, values),
      );
      const own = executions.filter(({ text }) => text === statement.text.trim());
      expect(own).toHaveLength(1);
      expect(own[0]?.pages).toBeLessThan(PAGES);
      expect(own[0]?.seqScans).toEqual([]);
      return result;
    }

    it('sees every owner at the cost of a few', async () => {
      const own = await lease();
      const [accepted, adopting, elsewhere] = [
        await lease(),
        await lease(),
        await lease({ recipient: '+15559990001' }),
      ];
      for (const work of [accepted, elsewhere]) await outbox.settleAccepted(acceptanceOf(work));
      // It adopted what an attempt before it had sent, long before this one began.
      await fail(adopting, RECONCILE);
      const [asking] = await life.claim(1);
      if (!asking) throw new Error('Nothing is asked about');
      await outbox.settleAccepted({ ...acceptanceOf(asking), httpStatus: null, providerRequestId: null });
      await database.admin.query(`UPDATE attempts SET id = uuidv7(interval '2 hours') WHERE id = $1`, [
        adopting.attemptId,
      ]);
      const sids = [own, accepted, adopting].map(sidOf);
      const owned = await ask<{ sid: string }>(OWNED_SIDS, [
        [...sids, `SM${'0'.repeat(32)}`],
        own.deliveryId,
        HEARTBEAT,
        new Date(Date.now() - 10 * MINUTE),
        new Date(Date.now() + MINUTE),
      ]);
      expect(owned.map(({ sid }) => sid).toSorted()).toEqual([sidOf(accepted), sidOf(adopting)].toSorted());
    });

    it('sees every rival at the cost of a few', async () => {
      const own = await lease();
      const since = new Date(own.attemptStartedAt.getTime() - 10 * MINUTE);
      const words = (body: string) => ({ content: { body } });
      await lease(words('in flight'));
      await lease({ ...words('in flight elsewhere'), recipient: '+15559990001' });
      await fail(await lease(words('in doubt')), ASKED_LATER);
      await fail(await lease(words('given up')), DEAD_LETTER);
      await outbox.settleAccepted(acceptanceOf(await lease(words('accepted'))));
      const rivals = await ask<{ content: { body: string } }>(RIVALS, [HEARTBEAT, own.notificationId, 'sms', since]);
      const bodies = rivals.map(({ content }) => content.body);
      expect(bodies).toEqual(expect.arrayContaining(['in flight', 'in doubt', 'given up']));
      expect(bodies).not.toContain('accepted');
      expect(bodies).not.toContain('in flight elsewhere');
    });
  },
);

function firstDigitsOf(time: Date): string {
  const digits = time.getTime().toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
