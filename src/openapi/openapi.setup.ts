import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BEARER, TWILIO_SIGNATURE } from './security.js';
import { describeRequestBodies } from './request-bodies.js';

const DESCRIPTION = `
One notification, to one person, once: by WhatsApp, SMS or voice.

Errors are \`application/problem+json\` (RFC 9457). Lists are paginated: pass \`nextCursor\` on as \`cursor\`.
Answers carry \`X-Request-Id\`, yours where you send one; the log names it where a request fails unexpectedly.
Times are ISO 8601 in UTC. Ids are UUIDv7, in order of time; a circuit's has no time of its own, since it follows from its scope.
`.trim();

/** Serves /openapi.json and, from local files only, Swagger UI at /docs. To be called before the app listens. */
export function serveOpenApi(app: NestFastifyApplication): void {
  // Swagger would write the document anew for each request, and anybody may ask for it. It is complete, and can be made,
  // when the first request comes.
  let document: OpenAPIObject | undefined;
  let json: string | undefined;
  const describe = () => (document ??= describeApi(app));
  app.getHttpAdapter().get('/openapi.json', (_request: FastifyRequest, reply: FastifyReply) => {
    json ??= JSON.stringify(describe());
    return reply.type('application/json').send(json);
  });
  SwaggerModule.setup('docs', app, describe, {
    raw: false,
    customSiteTitle: 'Postrider API',
    // Otherwise the page would send the document to validator.swagger.io.
    swaggerOptions: { validatorUrl: null, persistAuthorization: false },
  });
}

/** The OpenAPI 3.1 document of every route of the application. */
function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const frame = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Postrider')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .addSecurity(BEARER, {
      type: 'http',
      scheme: 'bearer',
      description: 'An API key. It needs every scope that an operation lists.',
    })
    .addSecurity(TWILIO_SIGNATURE, {
      type: 'apiKey',
      in: 'header',
      name: 'X-Twilio-Signature',
      description: "Twilio's signature of the address and the parameters.",
    })
    .build();
  const document = SwaggerModule.createDocument(app, frame, {
    operationIdFactory: (controller, method) => `${method}${controller.replace(/Controller$/, '')}`,
  });
  describeRequestBodies(document);
  return document;
}
