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
import { messageCall } from '../peers/message.call.js';
import { readSetup } from '../peers/peer.calls.js';
import type { Job } from '../peers/queue.js';
import { fromService, type NotificationRequest } from '../service.build.js';
import { serve } from '../stage/rpc.js';

/**
 * What Nest on Fastify does at most with such requests: the service's own DTO, an answer with the same body, and nothing
 * else. No key is checked, no hash made, nothing stored, no security header set. The DTO's rules are checked by Nest's
 * ValidationPipe, as a team would have it, or with `own` by the service's pipe, which is several times faster. One that
 * also sends does so by undici, from memory, and records nothing.
 */
const { ValidationPipe } = await fromService('validation/validation.pipe');
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

const setup = readSetup();
const send = setup.role === 'both' ? messageCall(setup.providerUrl, setup.concurrency) : null;
let unfinished = 0;

async function pass(job: Job): Promise<void> {
  if (!send) return;
  unfinished += 1;
  await send(job);
  unfinished -= 1;
}

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
  async create(@Body(CheckedNotification) request: NotificationRequest): Promise<object> {
    const { to, channels, category, metadata, body = '' } = request;
    void pass({ to, body });
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
serve({ unfinished: () => unfinished }, { url: await app.getUrl() });
