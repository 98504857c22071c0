import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Each look for missing receipts has a position for each channel: a channel whose circuit is open waits without keeping
 * the others waiting. All begin where the look is. The table has a few rows, so it is locked for no time.
 */
export class ReceiptsByChannel1763801700000 implements MigrationInterface {
  readonly name = 'ReceiptsByChannel1763801700000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE receipt_looks ADD COLUMN channel text NOT NULL DEFAULT 'sms'
        CHECK (channel IN ('whatsapp', 'sms', 'voice'));
      ALTER TABLE receipt_looks ALTER COLUMN channel DROP DEFAULT,
        DROP CONSTRAINT receipt_looks_pkey, ADD PRIMARY KEY (number, channel);
      INSERT INTO receipt_looks (number, channel, looked_to)
        SELECT number, other.channel, looked_to FROM receipt_looks, unnest(ARRAY['whatsapp', 'voice']) AS other (channel);
    `);
  }

  /** A look goes back to where the channel is that is furthest behind: better asked twice than never. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DELETE FROM receipt_looks l USING receipt_looks o
        WHERE o.number = l.number AND (o.looked_to, o.channel) < (l.looked_to, l.channel);
      ALTER TABLE receipt_looks DROP CONSTRAINT receipt_looks_pkey, ADD PRIMARY KEY (number), DROP COLUMN channel;
    `);
  }
}
