import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { Public } from '../access/access.decorator.js';
import { DatabaseMetrics } from './database.metrics.js';
import { DatabaseReadings } from './readings.js';

/** For Prometheus. Holds no phone number, id or code: labels are closed sets. */
@ApiTags('metrics')
@Controller('metrics')
@Public()
export class MetricsController {
  constructor(
    private readonly registry: Registry,
    private readonly database: DatabaseMetrics,
    private readonly readings: DatabaseReadings,
  ) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOperation({ summary: 'Metrics in the Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  async scrape(): Promise<string> {
    const readings = await this.readings.take();
    // After the readings, so that it counts their failure, too.
    const ofDatabase = readings === null ? '' : await this.database.render(readings);
    return `${await this.registry.metrics()}${ofDatabase}`;
  }
}
