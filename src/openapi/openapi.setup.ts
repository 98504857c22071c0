import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BEARER, TWILIO_SIGNATURE } from './security.js';
import { describeRequestBodies } from './request-bodies.js';

const DESCRIPTION = `
One notification, to one person, once: by WhatsApp, SMS or voice.

**Send** with an API key, which an operator makes for you (\`POST /v1/admin/api-keys\`), and with an \`Idempotency-Key\` of your own.
A 202 means that the notification is stored and will be sent; it has not been sent yet.

**Send again**, with the same key, after a 408, a 5xx (\`Retry-After\` of a 503 says when) or no answer: it is accepted only once.
Any other refusal would come again: \`detail\` and \`errors\` say what to correct. Nothing was stored.

**Ask** \`GET /v1/notifications/{id}\` what became of it; nothing calls you back. \`delivered\`, \`canceled\` and \`expired\` are final.
\`failed\` is left to a human of the operators, so do not send it again yourself. \`sent\` may be all that is ever known.

Errors are \`application/problem+json\` (RFC 9457). Lists are paginated: pass \`nextCursor\` on as \`cursor\`.
Answers carry \`X-Request-Id\`, yours if you send one; the log names it if a request fails unexpectedly.
Times are ISO 8601 in UTC. Ids are UUIDv7, in order of time; a circuit's has no time of its own, since it follows from its scope.
`.trim();

/** The groups of operations, by tag, in the order in which a newcomer meets them. */
const GROUPS = {
  notifications: 'Send, and see what became of it. All that a calling service needs.',
  'dead-letters': 'The review queue: notifications that no automatic step can help wait here for a human.',
  failures: 'Every failed attempt, to find out what goes wrong.',
  errors: 'What each code of the provider means.',
  incidents: 'Outages of the provider, from their detection to their end.',
  circuits: 'Whether an account, a channel or a sender may send now. While a circuit is open, its work waits.',
  suppressions: 'Recipients who have opted out of a sender.',
  alerts: 'What on-call is told.',
  'api-keys': 'One key for each service that calls.',
  audit: 'Who did what.',
  callbacks: 'For Twilio only.',
  health: 'For load balancers and humans.',
  metrics: 'For Prometheus.',
} as const;

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
  const builder = new DocumentBuilder();
  for (const [name, description] of Object.entries(GROUPS)) builder.addTag(name, description);
  const frame = builder
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
