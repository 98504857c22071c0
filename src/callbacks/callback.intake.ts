import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { newId } from '../identifiers/new-id.js';
import { Database } from '../database/database.js';
import { GroupedWrites } from '../database/grouped-writes.js';
import { CallbackJournal, type FirstDelivery } from './callback.journal.js';
import { effectOf } from '../twilio/reported-effect.js';
import type { ProviderReport } from './provider-report.js';
import { RECORD_PROGRESS } from './record-progress.sql.js';
import { ReportApplier, type Applied } from './report.applier.js';

type Done = { attemptId: string; providerSid: string; status: string };
type Progress = Done & { [Key in keyof FirstDelivery]: FirstDelivery[Key] | null };

const NAME = 'The callback intake';
const MAX_WAITING = 20_000;
/** Each holds a connection for about ten statements, and the rest of the process needs some, too. */
const CLOSER_LOOKS_AT_ONCE = 4;

/** Takes callbacks in: ordinary ones together in one statement, the others one by one, a few at a time. */
@Injectable()
export class CallbackIntake {
  private readonly progress = new GroupedWrites<ProviderReport, boolean>((group) => this.recordProgress(group), {
    name: NAME,
    maxGroup: 500,
    maxWaiting: MAX_WAITING,
  });
  private readonly closerLooks: GroupedWrites<ProviderReport, Applied>;

  constructor(
    private readonly database: Database,
    private readonly applier: ReportApplier,
    private readonly journal: CallbackJournal,
    @Inject(CONFIGURATION) { env }: Configuration,
  ) {
    // A group of one is a whole group, so as many as allowed run at the same time.
    this.closerLooks = new GroupedWrites((group) => this.lookCloser(group), {
      name: NAME,
      maxGroup: 1,
      maxWaiting: MAX_WAITING,
      wholeGroupsAtOnce: Math.min(CLOSER_LOOKS_AT_ONCE, Math.floor(env.DATABASE_POOL_MAX / 2)),
    });
  }

  /** Resolves after the commit. @throws OverloadedError when more arrives than the database can take. */
  async take(report: ProviderReport): Promise<Applied> {
    if (effectOf(report) !== 'failed' && (await this.progress.add(report))) return 'applied';
    return this.closerLooks.add(report);
  }

  private lookCloser(group: readonly ProviderReport[]): Promise<readonly Applied[]> {
    return Promise.all(group.map((report) => this.applier.apply(report)));
  }

  private async recordProgress(group: readonly ProviderReport[]): Promise<readonly boolean[]> {
    const effects = group.map(effectOf);
    const done = await this.database.run<Progress>(RECORD_PROGRESS, [
      group.map(() => newId()),
      group.map((report) => report.attemptId),
      group.map((report) => report.providerSid),
      group.map((report) => report.status),
      group.map((report) => report.errorCode),
      group.map((report) => JSON.stringify(report.params)),
      effects.map((effect) => effect === 'delivered'),
      effects.map((effect) => effect === 'read'),
    ]);
    const keys = new Set(done.map(keyOf));
    this.journal.progress(
      group.filter((report) => keys.has(keyOf(report))),
      done.flatMap(({ channel, category, seconds }) =>
        channel && category && seconds !== null ? [{ channel, category, seconds }] : [],
      ),
    );
    return group.map((report) => keys.has(keyOf(report)));
  }
}

function keyOf({ attemptId, providerSid, status }: Done): string {
  return `${attemptId} ${providerSid} ${status}`;
}
