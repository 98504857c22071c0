import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { Scopes } from '../clients/access.decorator.js';
import { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { type Page, PageQuery, cursorId, toPage } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { Problems } from '../openapi/problems.decorator.js';
import { notFound } from '../problems/problem.js';
import { Incident } from './incident.entity.js';
import {
  IncidentDetailsDto,
  type IncidentDto,
  IncidentPage,
  toIncidentDetailsDto,
  toIncidentDto,
} from './incidents.dto.js';

const SHOWN_DEAD_LETTERS = 100;
const OLDEST_FIRST = { timeline: { at: 'ASC', id: 'ASC' } } as const;

@ApiTags('incidents')
@Controller('v1/admin/incidents')
@Scopes('admin')
export class IncidentsController {
  constructor(
    @InjectRepository(Incident) private readonly incidents: Repository<Incident>,
    @InjectRepository(DeadLetter) private readonly deadLetters: Repository<DeadLetter>,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Outages of the provider with their timelines; newest first' })
  @ApiOkResponse({ type: IncidentPage })
  @Problems('validation-failed')
  async list(@Query() query: PageQuery): Promise<Page<IncidentDto>> {
    const after = cursorId(query);
    const incidents = await this.incidents.find({
      ...(after === null ? {} : { where: { id: LessThan(after) } }),
      relations: { timeline: true },
      order: { id: 'DESC', ...OLDEST_FIRST },
      take: query.limit + 1,
    });
    return toPage(incidents, query.limit, (incident) => [incident.id], toIncidentDto);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One incident: its timeline and the dead letters it caused' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: IncidentDetailsDto })
  @Problems('not-found')
  async find(@Param('id', new UuidPipe('incident')) id: string): Promise<IncidentDetailsDto> {
    const [incident, [deadLetters, count]] = await Promise.all([
      this.incidents.findOne({ where: { id }, relations: { timeline: true }, order: OLDEST_FIRST }),
      this.deadLetters.findAndCount({ where: { incidentId: id }, order: { id: 'DESC' }, take: SHOWN_DEAD_LETTERS }),
    ]);
    if (!incident) throw notFound('incident');
    return toIncidentDetailsDto(incident, deadLetters, count);
  }
}
