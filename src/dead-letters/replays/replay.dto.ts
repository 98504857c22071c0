import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsDefined, IsIn, IsNumber, IsObject, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { LONGEST_NOTE, OptionalText } from '../../validation/field.rules.js';
import { CHANNELS, type Channel } from '../../policy/vocabulary.js';
import { ReplayFilter } from '../dead-letter.filter.js';
import { OBSTACLES, RESOLUTION_ACTIONS, type ObstacleReason, type ResolutionAction } from '../resolution.js';
import { REPLAY_STATES, skippedOf, type Replay, type ReplayState } from './replay.js';

const USUAL_ACTION: ResolutionAction = 'retry';
const RATE = { least: 0.1, usual: 5, most: 100 } as const;

export class StartReplayDto {
  @ApiProperty({ type: ReplayFilter, description: 'Which open dead letters; an empty object takes all.' })
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => ReplayFilter)
  filter: ReplayFilter;

  @ApiPropertyOptional({ enum: RESOLUTION_ACTIONS, default: USUAL_ACTION })
  @IsOptional()
  @IsIn(RESOLUTION_ACTIONS, { message: `$property must be one of ${RESOLUTION_ACTIONS.join(', ')}` })
  action?: ResolutionAction | null;

  @ApiPropertyOptional({ enum: CHANNELS, description: 'Where to send; with the action fallback, and only with it.' })
  @IsOptional()
  @IsIn(CHANNELS, { message: `$property must be one of ${CHANNELS.join(', ')}` })
  channel?: Channel | null;

  @ApiPropertyOptional({
    type: 'number',
    minimum: RATE.least,
    maximum: RATE.most,
    default: RATE.usual,
    description: 'Dead letters a second at most, over all replicas.',
  })
  @IsOptional()
  @IsNumber()
  @Min(RATE.least)
  @Max(RATE.most)
  ratePerSecond?: number | null;

  @ApiPropertyOptional({ type: Boolean, default: false, description: 'Only count what would happen.' })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean | null;

  @OptionalText(LONGEST_NOTE, { description: 'Why; kept with every dead letter.' })
  note?: string | null;

  static actionOf({ action }: StartReplayDto): ResolutionAction {
    return action ?? USUAL_ACTION;
  }

  /** Dead letters per second, over all replicas. */
  static rateOf({ ratePerSecond }: StartReplayDto): number {
    return ratePerSecond ?? RATE.usual;
  }
}

class ReasonCountDto {
  @ApiProperty({ enum: OBSTACLES })
  reason: ObstacleReason;

  @ApiProperty({ type: 'integer' })
  count: number;
}

export class ReplayPreviewDto {
  @ApiProperty({ type: 'integer', description: 'Open dead letters that fit the filter.' })
  matched: number;

  @ApiProperty({ type: [ReasonCountDto], description: 'Those of them that would be skipped, by reason.' })
  excluded: ReasonCountDto[];
}

/** It may name ten thousand ids. */
class ReplayFilterWithoutIds extends OmitType(ReplayFilter, ['ids']) {}

export class ReplayDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ enum: REPLAY_STATES })
  state: ReplayState;

  @ApiProperty({ enum: RESOLUTION_ACTIONS })
  action: ResolutionAction;

  @ApiProperty({ enum: CHANNELS, nullable: true })
  channel: Channel | null;

  @ApiProperty({ type: ReplayFilterWithoutIds })
  filter: Omit<ReplayFilter, 'ids'>;

  @ApiProperty({ type: 'integer', nullable: true, description: 'How many ids the filter names.' })
  ids: number | null;

  @ApiProperty({ type: 'number' })
  ratePerSecond: number;

  @ApiProperty({ type: 'integer', description: 'Open dead letters that fitted the filter when it started.' })
  matched: number;

  @ApiProperty({ type: 'integer' })
  done: number;

  @ApiProperty({ type: 'integer', description: 'Left alone because of an unexpected failure; they stay open.' })
  failed: number;

  @ApiProperty({ type: 'integer', description: 'Left alone because something stood in the way.' })
  skipped: number;

  @ApiProperty({ type: [ReasonCountDto] })
  skippedBecause: ReasonCountDto[];

  @ApiProperty({ type: String, format: 'date-time' })
  startedAt: string;

  @ApiProperty({ type: String })
  startedBy: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt: string | null;

  @ApiProperty({ type: String, nullable: true })
  note: string | null;
}

export function toReplayDto(replay: Replay): ReplayDto {
  const { id, state, action, channel, filter, ids, ratePerSecond, matched, done, failed, startedBy, note } = replay;
  return {
    id,
    state,
    action,
    channel,
    filter,
    ids,
    ratePerSecond,
    matched,
    done,
    failed,
    skipped: skippedOf(replay),
    skippedBecause: OBSTACLES.flatMap((reason) => {
      const count = replay.skips[reason];
      return count === undefined ? [] : [{ reason, count }];
    }),
    startedAt: replay.startedAt.toISOString(),
    startedBy,
    endedAt: replay.endedAt?.toISOString() ?? null,
    note,
  };
}
