import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { Scopes } from '../access/access.decorator.js';
import { Database } from '../database/database.js';
import { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { type Page, PageQuery, pageById } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { Problems } from '../openapi/problems.decorator.js';
import { notFound } from '../problems/problem.js';
import { Incident } from './incident.entity.js';
import { type TimelineEvent, TIMELINES } from './incident.timeline.sql.js';
import {
  IncidentDetailsDto,
  type IncidentDto,
  IncidentPage,
  toIncidentDetailsDto,
  toIncidentDto,
} from './incidents.dto.js';

const SHOWN_DEAD_LETTERS = 100;

/** How many of the newest events of each kind are shown, for a single incident and for each one in a list. */
const SHOWN_EVENTS = { alone: 100, listed: 20 } as const;

@ApiTags('incidents')
@Controller('v1/admin/incidents')
@Scopes('admin')
export class IncidentsController {
  constructor(
    @InjectRepository(Incident) private readonly incidents: Repository<Incident>,
    private readonly database: Database,
    @InjectRepository(DeadLetter) private readonly deadLetters: Repository<DeadLetter>,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Outages of the provider with their timelines; newest first' })
  @ApiOkResponse({ type: IncidentPage })
  @Problems('validation-failed')
  async list(@Query() query: PageQuery): Promise<Page<IncidentDto>> {
    return await pageById('incidents', query, async (before, most) => {
      const incidents = await this.incidents.find({
        ...(before === null ? {} : { where: { id: LessThan(before) } }),
        order: { id: 'DESC' },
        take: most,
      });
      const timelines = await this.timelinesOf(incidents, SHOWN_EVENTS.listed);
      return incidents.map((incident) => toIncidentDto(incident, timelines.get(incident.id) ?? []));
    });
  }

  @Get(':id')
  @ApiOperation({ summary: 'One incident: its timeline and the dead letters it caused' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: IncidentDetailsDto })
  @Problems('not-found')
  async find(@Param('id', new UuidPipe('incident')) id: string): Promise<IncidentDetailsDto> {
    const incident = await this.incidents.findOneBy({ id });
    if (!incident) throw notFound('incident');
    const [timelines, [deadLetters, count]] = await Promise.all([
      this.timelinesOf([incident], SHOWN_EVENTS.alone),
      this.deadLetters.findAndCount({ where: { incidentId: id }, order: { id: 'DESC' }, take: SHOWN_DEAD_LETTERS }),
    ]);
    return toIncidentDetailsDto(toIncidentDto(incident, timelines.get(id) ?? []), deadLetters, count);
  }

  /** By incident id; events oldest first. */
  private async timelinesOf(incidents: readonly Incident[], ofEachKind: number): Promise<Map<string, TimelineEvent[]>> {
    const events = await this.database.run<TimelineEvent>(TIMELINES, [incidents.map(({ id }) => id), ofEachKind]);
    return Map.groupBy(events, ({ incidentId }) => incidentId);
  }
}
