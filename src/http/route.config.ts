import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

const SAID_SO_FAR = 'postrider:route-config';

type ToldConfig = Partial<FastifyContextConfig>;

/** What decorators have added to the Fastify config of a method's route. */
export function configOf(handler: object): ToldConfig {
  const config: ToldConfig | undefined = Reflect.getMetadata(SAID_SO_FAR, handler);
  return config ?? {};
}

/** Adds to the Fastify config of a route; Nest's RouteConfig alone replaces what was set before. */
export function addToRoute(told: ToldConfig): MethodDecorator {
  return (target, name, descriptor) => {
    const handler: object = Object(descriptor.value);
    const config = { ...configOf(handler), ...told };
    Reflect.defineMetadata(SAID_SO_FAR, config, handler);
    RouteConfig(config)(target, name, descriptor);
  };
}
