import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { serve } from '../../stage/rpc.js';
import { type PeerCalls, readSetup } from '../peer.calls.js';
import { twilioNode } from '../twilio-node.js';
import { Notification } from './notification.entity.js';
import { NotificationsController } from './notifications.controller.js';
import { NotificationsService, QUEUE_NAME } from './notifications.service.js';
import { sendWith } from './notifications.worker.js';

const setup = readSetup();
const connect = () => new Redis(setup.redisUrl ?? '', { maxRetriesPerRequest: null });
const dataSource = await new DataSource({
  type: 'postgres',
  url: setup.databaseUrl,
  entities: [Notification],
  synchronize: true,
  poolSize: 20,
}).initialize();
const queue = new Queue(QUEUE_NAME, { connection: connect() });

@Module({
  controllers: [NotificationsController],
  providers: [NotificationsService, { provide: DataSource, useValue: dataSource }, { provide: Queue, useValue: queue }],
})
class UsualTeamModule {}

const app = await NestFactory.create<NestExpressApplication>(UsualTeamModule, new ExpressAdapter(), {
  logger: false,
  abortOnError: false,
});
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
await app.listen(0, '127.0.0.1');

const repository = dataSource.getRepository(Notification);
const worker =
  setup.role === 'accept'
    ? null
    : new Worker(QUEUE_NAME, sendWith(twilioNode(setup.providerUrl, setup.concurrency), repository), {
        connection: connect(),
        concurrency: setup.concurrency,
      });
await worker?.waitUntilReady();

const calls: Pick<PeerCalls, 'unfinished'> = {
  unfinished: async () => {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  },
};
serve(calls, {
  url: await app.getUrl(),
  stop: async () => {
    await worker?.close();
    await app.close();
    await dataSource.destroy();
  },
});
