import { RequestMethod } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { Access } from '../../src/access/access.decorator.js';
import { configOf } from '../../src/http/route.config.js';
import { BEARER } from '../../src/openapi/security.js';
import { declaredProblems } from '../../src/openapi/problems.decorator.js';
import { PROBLEM_TYPES, type ProblemSlug, problemTypeUri } from '../../src/problems/problem-types.js';

interface Route {
  readonly method: string;
  /** "/v1/things/{id}" */
  readonly path: string;
  readonly success: number;
  readonly problems: readonly ProblemSlug[];
  readonly access: Access | undefined;
}

/** As much of an OpenAPI document as is compared here. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | undefined>> | undefined>>;
}

interface Operation {
  readonly security?: readonly unknown[];
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> } | undefined>>;
}

/**
 * Compares /openapi.json with what the application's controllers declare, route by route.
 * @returns a sentence for everything that is missing or wrong; nothing to say is an empty list.
 */
export async function findUndocumented(app: NestFastifyApplication): Promise<string[]> {
  const response = await fetch(`${await app.getUrl()}/openapi.json`);
  const text = await response.text();
  const document: Document = JSON.parse(text);
  return [...(await formErrors(text)), ...routesOf(app).flatMap((route) => missing(route, document))];
}

/** The routes of every controller, as Nest registers them. */
export function routesOf(app: NestFastifyApplication): Route[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => (typeof metatype === 'function' ? routesOfController(metatype) : []));
}

async function formErrors(text: string): Promise<string[]> {
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(text));
  const version = validator.version === '3.1' ? [] : [`the document is of OpenAPI ${validator.version}, not 3.1`];
  return result.valid ? version : [...version, `not valid: ${JSON.stringify(result.errors)}`];
}

function routesOfController(controller: Function): Route[] {
  const reflector = new Reflector();
  const prototype: Record<string, () => unknown> = controller.prototype;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const method = handler && reflector.get<RequestMethod | undefined>(METHOD_METADATA, handler);
    if (!handler || method === undefined) return [];
    const usual = method === RequestMethod.POST ? 201 : 200;
    return pathsOf(controller, handler).map((path) => ({
      method: RequestMethod[method],
      path,
      success: reflector.get<number | undefined>(HTTP_CODE_METADATA, handler) ?? usual,
      problems: declaredProblems(handler),
      access: configOf(handler).access,
    }));
  });
}

function pathsOf(controller: Function, handler: Function): string[] {
  const paths = (of: Function) => [new Reflector().get<string | string[]>(PATH_METADATA, of)].flat();
  return paths(controller).flatMap((first) => paths(handler).map((rest) => openApiPath(`${first}/${rest}`)));
}

function openApiPath(path: string): string {
  const steps = path.split('/').filter((step) => step !== '');
  return `/${steps.map((step) => (step.startsWith(':') ? `{${step.slice(1)}}` : step)).join('/')}`;
}

function missing(route: Route, document: Document): string[] {
  const name = `${route.method} ${route.path}`;
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  if (!operation) return [`${name} is not documented`];
  const complaints = [...missingAccess(route, operation), ...missingSuccess(route, operation)];
  for (const slug of [...route.problems, ...problemsOfAnyBody(route)]) {
    const described = operation.responses?.[PROBLEM_TYPES[slug].status]?.content?.['application/problem+json'];
    if (!JSON.stringify(described ?? null).includes(`"${problemTypeUri(slug)}"`)) {
      complaints.push(`does not document its problem ${slug}`);
    }
  }
  return complaints.map((complaint) => `${name} ${complaint}`);
}

/** What any request with a body of JSON can meet, whether or not the route reads it. */
function problemsOfAnyBody({ method, path }: Route): ProblemSlug[] {
  const takesJson = method === 'POST' && path.startsWith('/v1/');
  return takesJson ? ['malformed-json', 'unsupported-media-type', 'payload-too-large'] : [];
}

function missingAccess({ access }: Route, operation: Operation): string[] {
  if (access === undefined) return ['declares neither @Scopes nor @Public'];
  if (access.kind === 'public') return [];
  const needed = JSON.stringify([{ [BEARER]: access.scopes }]);
  return JSON.stringify(operation.security) === needed ? [] : [`does not document that it needs ${needed}`];
}

function missingSuccess({ success }: Route, operation: Operation): string[] {
  const response = operation.responses?.[success];
  if (!response) return [`does not document its ${success}`];
  return success === 204 || response.content ? [] : [`does not document what its ${success} holds`];
}
