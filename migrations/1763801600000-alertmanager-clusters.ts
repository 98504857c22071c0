import type { MigrationInterface, QueryRunner } from 'typeorm';

const SINKS = `'log', 'webhook', 'alertmanager', 'pagerduty', 'slack'`;
const MORE = `'alertmanager_2', 'alertmanager_3', 'alertmanager_4', 'alertmanager_5'`;

/** Each instance of an Alertmanager cluster is a sink. The table has a few rows for each alert: it is checked in no time. */
export class AlertmanagerClusters1763801600000 implements MigrationInterface {
  readonly name = 'AlertmanagerClusters1763801600000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE alert_deliveries DROP CONSTRAINT alert_deliveries_sink_check,
        ADD CONSTRAINT alert_deliveries_sink_check CHECK (sink IN (${SINKS}, ${MORE}))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DELETE FROM alert_deliveries WHERE sink IN (${MORE})`);
    await db.query(`
      ALTER TABLE alert_deliveries DROP CONSTRAINT alert_deliveries_sink_check,
        ADD CONSTRAINT alert_deliveries_sink_check CHECK (sink IN (${SINKS}))`);
  }
}
