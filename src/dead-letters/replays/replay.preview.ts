import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { Searches } from '../../database/searches.js';
import { DeadLetterResolver } from '../dead-letter.resolver.js';
import { filterValues, type ReplayFilter } from '../dead-letter.filter.js';
import { OBSTACLES, obstacleTo, type ObstacleReason, type ResolutionWish } from '../resolution.js';
import { CANDIDATES, type Candidate } from '../resolve.sql.js';
import type { ReplayPreviewDto } from './replay.dto.js';

/** How many candidates are in memory at a time, with their content. */
const PAGE = 500;

/** Says what a replay would do, by the same decision that the replay will make. */
@Injectable()
export class ReplayPreview {
  constructor(
    private readonly database: Database,
    private readonly searches: Searches,
    private readonly resolver: DeadLetterResolver,
  ) {}

  of(filter: ReplayFilter, wish: ResolutionWish): Promise<ReplayPreviewDto> {
    return this.searches.run(() => this.count(filter, wish));
  }

  private async count(filter: ReplayFilter, wish: ResolutionWish): Promise<ReplayPreviewDto> {
    const counts = new Map<ObstacleReason, number>();
    let matched = 0;
    for await (const { changes, content, ...candidate } of this.candidates(filter, wish)) {
      matched += 1;
      const reason = obstacleTo(wish.kind, candidate, changes?.content ?? content)?.reason;
      if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    const excluded = OBSTACLES.map((reason) => ({ reason, count: counts.get(reason) ?? 0 }));
    return { matched, excluded: excluded.filter(({ count }) => count > 0) };
  }

  private async *candidates(filter: ReplayFilter, wish: ResolutionWish): AsyncGenerator<Candidate> {
    const values = [...this.resolver.targetOf(wish), ...filterValues(filter, 'open')];
    let after: string | null = null;
    for (;;) {
      const page: Candidate[] = await this.database.run<Candidate>(CANDIDATES, [...values, after, PAGE]);
      yield* page;
      after = page.at(-1)?.id ?? null;
      if (page.length < PAGE) return;
    }
  }
}
