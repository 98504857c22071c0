import { Injectable } from '@nestjs/common';
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

/** Takes callbacks in: the ordinary ones together in one statement, the others one by one. */
@Injectable()
export class CallbackIntake {
  private readonly progress = new GroupedWrites<ProviderReport, boolean>((group) => this.recordProgress(group), {
    name: 'The callback intake',
    maxGroup: 500,
    maxWaiting: 20_000,
  });

  constructor(
    private readonly database: Database,
    private readonly applier: ReportApplier,
    private readonly journal: CallbackJournal,
  ) {}

  /** Resolves after the commit. @throws OverloadedError when more arrives than the database takes. */
  async take(report: ProviderReport): Promise<Applied> {
    if (effectOf(report) !== 'failed' && (await this.progress.add(report))) return 'applied';
    return this.applier.apply(report);
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
