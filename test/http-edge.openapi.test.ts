import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Public, Scopes } from '../src/access/access.decorator.js';
import { Problems } from '../src/openapi/problems.decorator.js';
import { BEARER } from '../src/openapi/security.js';
import { type Edge, ask, problem, startEdge } from './support/http-edge.app.js';
import { findUndocumented, routesOf } from './support/openapi.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';

@Controller('additive')
@Scopes('admin')
@Problems('conflict', 'not-found')
class AdditiveController {
  @Get()
  @ApiOkResponse({ type: String })
  @Problems('already-resolved', 'bad-signature')
  get() {
    return {};
  }
}

@Controller('forgetful')
class ForgetfulController {
  @Get('hidden')
  @Public()
  @ApiExcludeEndpoint()
  hidden() {
    return {};
  }

  @Post('status')
  @HttpCode(202)
  @Public()
  @ApiOkResponse({ type: String })
  status() {
    return {};
  }

  @Get('problem')
  @Scopes('read')
  @ApiResponse({ status: 409, content: { 'application/problem+json': { schema: { type: 'object' } } } })
  @Problems('already-sent', 'conflict')
  @ApiOkResponse({ type: String })
  problem() {
    return {};
  }

  @Get('scope')
  @Scopes('read')
  @ApiSecurity(BEARER, ['admin'])
  @ApiOkResponse({ type: String })
  scope() {
    return {};
  }

  @Get('undeclared')
  @ApiOkResponse({ type: String })
  undeclared() {
    return {};
  }
}

let database: TestDatabase;
let edge: Edge;

beforeAll(async () => {
  database = await createMigratedDatabase();
  edge = await startEdge({ databaseUrl: database.url });
});

afterAll(async () => {
  await edge?.app.close();
  await database?.drop();
});

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1 and holds every route, success status and problem', async () => {
    expect(routesOf(edge.app).map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining(['POST /v1/admin/api-keys', 'DELETE /v1/admin/api-keys/{id}', 'GET /health/ready']),
    );
    expect(await findUndocumented(edge.app)).toEqual([]);
  });

  it('is written once, however often it is asked for', async () => {
    const first = await fetch(`${edge.url}/openapi.json`);
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    const text = await first.text();
    const writes = vi.spyOn(JSON, 'stringify');
    try {
      for (let time = 1; time <= 3; time += 1) {
        const again = await fetch(`${edge.url}/openapi.json`);
        expect(await again.text()).toBe(text);
      }
      expect(writes.mock.calls.filter(([written]) => Object.hasOwn(Object(written), 'openapi')).length).toBe(0);
    } finally {
      writes.mockRestore();
    }
  });

  it('adds up the problems of a method, its scopes and its controller, several of one status too', async () => {
    const additive = await startEdge({ databaseUrl: database.url, controllers: [AdditiveController] });
    try {
      expect(await findUndocumented(additive.app)).toEqual([]);
      const { body } = await ask(additive, 'GET', '/openapi.json', { key: null });
      expect(body).toMatchObject({
        paths: {
          '/additive': {
            get: {
              security: [{ apiKey: ['admin'] }],
              responses: {
                401: { description: 'A valid API key is required.' },
                403: { description: expect.stringMatching(/signature.*\n\n.*scope/) },
                404: {},
                409: { description: expect.stringMatching(/^The dead letter is .*\n\nThe current state .*\.$/) },
              },
            },
          },
        },
      });
    } finally {
      await additive.app.close();
    }
  });

  it('would notice whatever a room forgets', async () => {
    const forgetful = await startEdge({ databaseUrl: database.url, controllers: [ForgetfulController] });
    try {
      expect(await findUndocumented(forgetful.app)).toEqual([
        'GET /forgetful/hidden is not documented',
        'POST /forgetful/status does not document its 202',
        'GET /forgetful/problem does not document its problem already-sent',
        'GET /forgetful/problem does not document its problem conflict',
        'GET /forgetful/scope does not document that it needs [{"apiKey":["read"]}]',
        'GET /forgetful/undeclared declares neither @Scopes nor @Public',
      ]);
    } finally {
      await forgetful.app.close();
    }
  });
});

describe('Swagger UI', () => {
  it('comes whole from this service, without a key and within its content security policy', async () => {
    const page = await fetch(`${edge.url}/docs`);
    const html = await page.text();
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const addresses = [...html.matchAll(/(?:src|href)="(?<address>[^"]+)"/g)].map((match) => match.groups?.['address']);
    expect(addresses.length).toBeGreaterThanOrEqual(4);
    for (const address of addresses) {
      const asset = await fetch(new URL(address ?? '', `${edge.url}/docs`));
      expect([address, asset.status]).toEqual([address, 200]);
      await asset.body?.cancel();
    }
    expect(addresses.every((address) => address?.startsWith('./'))).toBe(true);
    expect(await ask(edge, 'GET', '/docs/nothing.js')).toMatchObject(problem(404, 'not-found'));
    // Inline scripts would be refused by the policy's default-src 'self'.
    expect(html).not.toMatch(/<script>/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});
