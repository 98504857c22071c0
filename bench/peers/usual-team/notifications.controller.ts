import { Body, Controller, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import { CreateNotificationDto } from './create-notification.dto.js';
import { NotificationsService } from './notifications.service.js';

@Controller('v1/notifications')
export class NotificationsController {
  constructor(@Inject(NotificationsService) private readonly notifications: NotificationsService) {}

  @Post()
  @HttpCode(202)
  create(@Body() request: CreateNotificationDto, @Headers('idempotency-key') key: string) {
    return this.notifications.accept(request, key);
  }
}
