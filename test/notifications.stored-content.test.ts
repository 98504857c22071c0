import { describe, expect, it } from 'vitest';
import { bury, QUEUE, startRefusing } from './dead-letters.setup.js';
import { startLate } from './outbox.late.setup.js';
import { withFallbackDue } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

const MINUTE = 60_000;

/** Builds before this one took it in, and PostgreSQL stores it as json, but cannot look into it. */
describe.each(['https://example.com/\u0000', 'https://example.com/\ud83d\ud83d', 'C:\\\\\u0000'])(
  'content that an older build stored: %j',
  (url) => {
    const content = { body: 'Hello', whatsapp: { mediaUrls: [url], contentVariables: { [url]: 'a' } } };

    it('does not keep a callback from being applied', async () => {
      const test = await startLate();
      const work = await test.lease({ channels: ['whatsapp', 'sms'], content });
      await test.accept(work);
      await test.calledBack(work, undefined, 'undelivered', 63_016);
      expect(await test.standing(work.notificationId)).toMatchObject({ status: 'queued', channel: 'sms' });
    });

    it('does not keep its fallback, nor those beside it, from expiring', async () => {
      const test = await startLate();
      const expiresAt = new Date(Date.now() + MINUTE);
      const fallback = await withFallbackDue(test, { expiresAt, content });
      const other = await test.enqueue({ expiresAt });
      await moveClock(test.databaseUrl, 2 * MINUTE);
      await test.outbox.expire(10);
      expect(await test.standing(fallback)).toMatchObject({ status: 'sent', channel: 'whatsapp', stage: null });
      expect(await test.standing(other)).toMatchObject({ status: 'expired', stage: null });
    });

    it('can be corrected in part: what stays of it is mended', async () => {
      const test = await startRefusing();
      const dead = await bury(test, { channels: ['sms'] });
      await test.database.query('UPDATE notifications SET content = $1', [JSON.stringify(content)]);
      await test.provider.heal();
      expect(await test.api.post(`${QUEUE}/${dead.id}/retry`, { changes: { body: 'Hello' } })).toMatchObject({
        status: 200,
      });
      const { rows } = await test.database.query(
        `SELECT changes -> 'content' ->> 'body' AS body, changes::text LIKE '%\\ufffd%' AS mended FROM deliveries
         WHERE notification_id = $1 AND number = 2`,
        [dead.notificationId],
      );
      expect(rows).toEqual([{ body: 'Hello', mended: true }]);
      await test.api.untilStatus(dead.notificationId, 'delivered');
    });
  },
);
