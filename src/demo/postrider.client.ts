import type { NotificationDto } from '../notifications/notification.dto.js';
import type { Scenario } from './scenarios.js';

/** The service did not do what the demo asked for. */
class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** The two requests that a calling service makes. */
export class PostriderClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** @throws DemoError when it is refused */
  async send(request: Scenario['request']): Promise<NotificationDto> {
    const response = await this.ask('POST', '/v1/notifications', request);
    if (response.status !== 202) throw new DemoError(`The service refused it: ${await response.text()}`);
    return notificationIn(await response.text());
  }

  /** @throws DemoError when it is not there */
  async find(id: string): Promise<NotificationDto> {
    const response = await this.ask('GET', `/v1/notifications/${id}`);
    if (response.status !== 200) throw new DemoError(`The service lost sight of it: ${await response.text()}`);
    return notificationIn(await response.text());
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Response> {
    return await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function notificationIn(body: string): NotificationDto {
  const notification: NotificationDto = JSON.parse(body);
  return notification;
}
