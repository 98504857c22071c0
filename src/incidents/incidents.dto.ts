import { ApiProperty } from '@nestjs/swagger';
import { DeadLetterDto, toDeadLetterDto } from '../dead-letters/dead-letter.dto.js';
import type { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { pageOf } from '../http/pagination.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import type { Incident, IncidentEvent } from './incident.entity.js';
import { EVENT_KINDS, type EventKind } from './incident.timeline.js';

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

  @ApiProperty({ type: [IncidentEventDto], description: 'Oldest first.' })
  timeline: IncidentEventDto[];
}

export class IncidentDetailsDto extends IncidentDto {
  @ApiProperty({ type: 'integer', description: 'How many dead letters it has.' })
  deadLetterCount: number;

  @ApiProperty({ type: [DeadLetterDto], description: 'The newest 100; the review queue has all, by incidentId.' })
  deadLetters: DeadLetterDto[];
}

export const IncidentPage = pageOf(IncidentDto);

export function toIncidentDto(incident: Incident, timeline: readonly IncidentEvent[]): IncidentDto {
  return {
    id: incident.id,
    startedAt: incident.startedAt.toISOString(),
    endedAt: incident.endedAt?.toISOString() ?? null,
    resources: incident.resources,
    cause: incident.cause,
    held: incident.held,
    timeline: timeline.map(({ at, kind, sentence }) => ({ at: at.toISOString(), kind, sentence })),
  };
}

export function toIncidentDetailsDto(
  incident: IncidentDto,
  deadLetters: readonly DeadLetter[],
  deadLetterCount: number,
): IncidentDetailsDto {
  return Object.assign(incident, { deadLetterCount, deadLetters: deadLetters.map(toDeadLetterDto) });
}
