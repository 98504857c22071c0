import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Scopes } from '../access/access.decorator.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { ExpectsBody } from '../http/body.decorator.js';
import { NoFieldsDto } from '../http/no-fields.dto.js';
import { pageById, pageOf, type Page } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { BodyExamples } from '../openapi/body-examples.decorator.js';
import { BODY_PROBLEMS, Problems } from '../openapi/problems.decorator.js';
import { pathOf } from '../problems/problem.reply.js';
import { MOST_METADATA_FILTERS } from '../validation/field.rules.js';
import { BatchDto } from './batch.dto.js';
import { BatchService } from './batch.service.js';
import { CreateBatchDto, CreateNotificationDto } from './create-notification.dto.js';
import { BATCH_KEY_HEADER, KEY_HEADER, readBatchKey, readIdempotencyKey } from './idempotency-key.js';
import { ListNotificationsQuery } from './list-notifications.query.js';
import { BATCH_EXAMPLES, NOTIFICATION_EXAMPLES } from './notification.examples.js';
import { NotificationDto, NotificationSummaryDto } from './notification.dto.js';
import { NotificationReader, visibilityOf } from './notification.reader.js';
import { summaryView } from './notification.view.js';
import { NotificationsService } from './notifications.service.js';

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description: 'A key of your own for this notification: the same key and content gives the same answer again.',
  schema: KEY_HEADER,
} as const;

const BATCH_KEY = {
  name: IDEMPOTENCY_KEY.name,
  required: false,
  description:
    'A key of your own for this batch: each notification without an idempotencyKey gets the key `<key>:<index>`, counted from 0.',
  schema: BATCH_KEY_HEADER,
} as const;

const LOCATION = { type: 'string', format: 'uri-reference' };
/** The Idempotent-Replayed header is either `true` or absent. */
const REPLAYED = { type: 'string', enum: ['true'] };

const ID = { name: 'id', format: 'uuid' };

/** The largest batch in bytes: a thousand notifications with long bodies. */
const BATCH_LIMIT = 10 * 1024 * 1024;

const NotificationPage = pageOf(NotificationSummaryDto);

@ApiTags('notifications')
@Controller('v1/notifications')
export class NotificationsController {
  constructor(
    private readonly notifications: NotificationsService,
    private readonly batches: BatchService,
    private readonly reader: NotificationReader,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  @Post()
  @HttpCode(202)
  @Scopes('send')
  @ApiOperation({ summary: 'Accept a notification; durable before the answer' })
  @ApiHeader(IDEMPOTENCY_KEY)
  @BodyExamples(CreateNotificationDto, NOTIFICATION_EXAMPLES)
  @ApiAcceptedResponse({
    type: NotificationDto,
    description: 'It is stored, and will be sent.',
    headers: {
      Location: { description: 'Where the notification is found.', required: true, schema: LOCATION },
      'Idempotent-Replayed': { description: 'Where the key was used before.', schema: REPLAYED },
    },
  })
  @Problems(
    ...BODY_PROBLEMS,
    'idempotency-key-required',
    'idempotency-key-malformed',
    'idempotency-conflict',
    'country-not-allowed',
    'channel-not-configured',
    'overloaded',
  )
  async create(
    @Body() request: CreateNotificationDto,
    @Req() { body }: FastifyRequest,
    @Headers('idempotency-key') header: string | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NotificationDto> {
    const key = readIdempotencyKey(header, this.configuration.env.REQUIRE_IDEMPOTENCY_KEY);
    const { notification, replayed } = await this.notifications.accept(request, body, caller, key);
    reply.header('location', `/v1/notifications/${notification.id}`);
    if (replayed) reply.header('idempotent-replayed', 'true');
    return notification;
  }

  @Post('batch')
  @HttpCode(202)
  @Scopes('send')
  @ExpectsBody({ limit: BATCH_LIMIT })
  @ApiOperation({ summary: 'Accept 1 to 1000 notifications, each on its own' })
  @ApiHeader(BATCH_KEY)
  @BodyExamples(CreateBatchDto, BATCH_EXAMPLES)
  @ApiAcceptedResponse({
    type: BatchDto,
    description: 'What was accepted is stored, and will be sent. Look at rejected: items are refused one by one.',
    headers: {
      'Idempotent-Replayed': {
        description: 'Where every notification of it was accepted before under its key.',
        schema: REPLAYED,
      },
      'Retry-After': {
        description:
          'Seconds; where some were refused because too much arrives or the database was away: send it again',
        schema: { type: 'integer', minimum: 1 },
      },
    },
  })
  @Problems(...BODY_PROBLEMS, 'idempotency-key-malformed', 'overloaded')
  async createBatch(
    @Body() { notifications }: CreateBatchDto,
    @Req() { id: requestId, url }: FastifyRequest,
    @Headers('idempotency-key') header: string | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchDto> {
    const { batch, replayed, retryAfter } = await this.batches.accept(notifications, {
      requestId,
      path: pathOf(url),
      caller,
      key: readBatchKey(header),
      keyRequired: this.configuration.env.REQUIRE_IDEMPOTENCY_KEY,
    });
    if (replayed) reply.header('idempotent-replayed', 'true');
    if (retryAfter !== null) reply.header('retry-after', retryAfter);
    return batch;
  }

  @Get()
  @Scopes('read')
  @ApiOperation({ summary: 'Search notifications; newest first' })
  @ApiQuery({
    name: 'metadata',
    required: false,
    style: 'deepObject',
    explode: true,
    schema: { type: 'object', maxProperties: MOST_METADATA_FILTERS, additionalProperties: { type: 'string' } },
    description: `Metadata that matches, as in ?metadata[orderId]=A-17; ${MOST_METADATA_FILTERS} names at most. A number or true, false and null match as text and as what they say.`,
  })
  @ApiOkResponse({ type: NotificationPage })
  @Problems('validation-failed')
  async list(
    @Query() query: ListNotificationsQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<NotificationSummaryDto>> {
    return await pageById('notifications', query, async (before, most) => {
      const rows = await this.reader.list(query, visibilityOf(caller), before, most);
      return rows.map((row) => summaryView(row, row.nextAttemptAt));
    });
  }

  @Get(':id')
  @Scopes('read')
  @ApiParam(ID)
  @ApiOperation({ summary: 'One notification with its deliveries, attempts, callbacks and next step' })
  @ApiOkResponse({ type: NotificationDto })
  @Problems('not-found')
  find(@Param('id', new UuidPipe('notification')) id: string, @CurrentCaller() caller: Caller) {
    return this.notifications.find(id, visibilityOf(caller));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Scopes('send')
  @ApiParam(ID)
  @ApiOperation({ summary: 'Take a notification back before anything was sent' })
  @ApiOkResponse({ type: NotificationDto, description: 'It will not be sent. The same if it was canceled before.' })
  @Problems(...BODY_PROBLEMS, 'not-found', 'already-sent', 'conflict')
  cancel(
    @Param('id', new UuidPipe('notification')) id: string,
    @CurrentCaller() caller: Caller,
    @Body() _nothing: NoFieldsDto,
  ) {
    return this.notifications.cancel(id, visibilityOf(caller));
  }
}
