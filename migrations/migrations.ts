import { Core1763800000000 } from './1763800000000-core.js';
import { Incidents1763800100000 } from './1763800100000-incidents.js';
import { ReviewAndRetention1763800200000 } from './1763800200000-review-and-retention.js';
import { Alerts1763800300000 } from './1763800300000-alerts.js';
import { Growth1763800400000 } from './1763800400000-growth.js';
import { LeanDispatch1763800500000 } from './1763800500000-lean-dispatch.js';
import { Lookups1763800600000 } from './1763800600000-lookups.js';
import { Recovery1763800700000 } from './1763800700000-recovery.js';
import { CircuitIds1763800800000 } from './1763800800000-circuit-ids.js';
import { Receipts1763800900000 } from './1763800900000-receipts.js';
import { IncidentDeadLetters1763801000000 } from './1763801000000-incident-dead-letters.js';
import { ClientStatistics1763801100000 } from './1763801100000-client-statistics.js';
import { AuditSearches1763801200000 } from './1763801200000-audit-searches.js';
import { Expiring1763801300000 } from './1763801300000-expiring.js';
import { RecoveredFrom1763801400000 } from './1763801400000-recovered-from.js';
import { TestAlerts1763801500000 } from './1763801500000-test-alerts.js';
import { AlertmanagerClusters1763801600000 } from './1763801600000-alertmanager-clusters.js';
import { ReceiptsByChannel1763801700000 } from './1763801700000-receipts-by-channel.js';
import { Searches1763801800000 } from './1763801800000-searches.js';

/** Every migration, oldest first. Named one by one, so that source and build run the same ones. */
export const MIGRATIONS = [
  Core1763800000000,
  Incidents1763800100000,
  ReviewAndRetention1763800200000,
  Alerts1763800300000,
  Growth1763800400000,
  LeanDispatch1763800500000,
  Lookups1763800600000,
  Recovery1763800700000,
  CircuitIds1763800800000,
  Receipts1763800900000,
  IncidentDeadLetters1763801000000,
  ClientStatistics1763801100000,
  AuditSearches1763801200000,
  Expiring1763801300000,
  RecoveredFrom1763801400000,
  TestAlerts1763801500000,
  AlertmanagerClusters1763801600000,
  ReceiptsByChannel1763801700000,
  Searches1763801800000,
];
