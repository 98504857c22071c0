import 'reflect-metadata';
import {
  Body,
  Controller,
  HttpCode,
  Injectable,
  Module,
  type PipeTransform,
  Post,
  ValidationPipe as NestValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { v7 as uuidv7 } from 'uuid';
import { fromService, type NotificationRequest } from '../service.build.js';
import { serve } from '../stage/rpc.js';

/**
 * What Nest on Fastify does at most with such requests: the service's own DTO, an answer with the same body, and nothing
 * else. No key is checked, no hash made, nothing stored, no security header set. The DTO's rules are checked by Nest's
 * ValidationPipe, as a team would have it, or with `own` by the service's pipe, which is several times faster.
 */
const { ValidationPipe } = await fromService('problems/validation.pipe');
const { CreateNotificationDto } = await fromService('notifications/create-notification.dto');
const { acceptedView } = await fromService('notifications/notification.view');

const validation =
  process.argv[3] === 'own'
    ? new ValidationPipe()
    : new NestValidationPipe({
        whitelist: true,
        forbidNonWhitelisted: true,
        forbidUnknownValues: false,
        transform: true,
      });

@Injectable()
class CheckedNotification implements PipeTransform {
  transform(value: unknown): unknown {
    return validation.transform(value, { type: 'body', metatype: CreateNotificationDto });
  }
}

@Controller('v1/notifications')
class NotificationsController {
  @Post()
  @HttpCode(202)
  async create(@Body(CheckedNotification) { to, channels, category, metadata }: NotificationRequest): Promise<object> {
    return acceptedView({
      id: uuidv7(),
      deliveryId: uuidv7(),
      recipient: to,
      channels,
      sender: '+15005550006',
      category: category ?? 'transactional',
      metadata: metadata ?? {},
      idempotencyKey: null,
      sendAt: null,
      expiresAt: null,
      createdAt: new Date(),
    });
  }
}

@Module({ controllers: [NotificationsController] })
class BareModule {}

const app = await NestFactory.create<NestFastifyApplication>(BareModule, new FastifyAdapter(), {
  logger: false,
  abortOnError: false,
});
await app.listen(0, '127.0.0.1');
serve({}, { url: await app.getUrl() });
