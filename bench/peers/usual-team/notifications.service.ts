import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import { DataSource, type Repository } from 'typeorm';
import type { CreateNotificationDto } from './create-notification.dto.js';
import { Notification } from './notification.entity.js';

export const QUEUE_NAME = 'notifications';

/** Saves the notification, then puts its id on the queue. */
@Injectable()
export class NotificationsService implements BeforeApplicationShutdown {
  private readonly repository: Repository<Notification>;

  constructor(
    @Inject(DataSource) dataSource: DataSource,
    @Inject(Queue) private readonly queue: Queue,
  ) {
    this.repository = dataSource.getRepository(Notification);
  }

  async accept(request: CreateNotificationDto, idempotencyKey: string): Promise<Notification> {
    const { to, ...rest } = request;
    const notification = await this.repository.save(this.repository.create({ ...rest, recipient: to, idempotencyKey }));
    await this.queue.add(QUEUE_NAME, { id: notification.id }, { jobId: notification.id });
    return notification;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.close();
  }
}
