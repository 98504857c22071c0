import { ApiProperty } from '@nestjs/swagger';
import { DeadLetterDto, toDeadLetterDto } from '../dead-letters/dead-letter.dto.js';
import type { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { pageOf } from '../http/pagination.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import type { Incident } from './incident.entity.js';
import { EVENT_KINDS, type EventKind } from './event.kinds.js';
import type { TimelineEvent } from './incident.timeline.sql.js';

class IncidentEventDto {
  @ApiProperty({ type: String, format: 'date-time' })
  at: string;

  @ApiProperty({ enum: EVENT_KINDS })
  kind: EventKind;

  @ApiProperty({ type: String })
  sentence: string;
}

export class IncidentDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'date-time' })
  startedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null while it lasts.' })
  endedAt: string | null;

  @ApiProperty({ enum: CHANNELS, isArray: true })
  resources: Channel[];

  @ApiProperty({ type: String })
  cause: string;

  @ApiProperty({ type: 'integer', description: 'The most notifications that waited in its circuits at once.' })
  held: number;

  @ApiProperty({ type: [IncidentEventDto], description: 'Oldest first; of each kind the newest 100 (in a list 20).' })
  timeline: IncidentEventDto[];

  @ApiProperty({ type: 'integer', description: 'How many events there are, shown or not.' })
  timelineLength: number;
}

export class IncidentDetailsDto extends IncidentDto {
  @ApiProperty({ type: 'integer', description: 'How many dead letters it has.' })
  deadLetterCount: number;

  @ApiProperty({ type: [DeadLetterDto], description: 'The newest 100; the review queue has all, by incidentId.' })
  deadLetters: DeadLetterDto[];
}

export const IncidentPage = pageOf(IncidentDto);

export function toIncidentDto(incident: Incident, timeline: readonly TimelineEvent[]): IncidentDto {
  return {
    id: incident.id,
    startedAt: incident.startedAt.toISOString(),
    endedAt: incident.endedAt?.toISOString() ?? null,
    resources: incident.resources,
    cause: incident.cause,
    held: incident.held,
    timeline: timeline.map(({ at, kind, sentence }) => ({ at: at.toISOString(), kind, sentence })),
    timelineLength: timeline[0]?.timelineLength ?? 0,
  };
}

export function toIncidentDetailsDto(
  incident: IncidentDto,
  deadLetters: readonly DeadLetter[],
  deadLetterCount: number,
): IncidentDetailsDto {
  return Object.assign(incident, { deadLetterCount, deadLetters: deadLetters.map(toDeadLetterDto) });
}
