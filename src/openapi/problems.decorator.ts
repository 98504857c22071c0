import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from '../problems/problem.dto.js';
import { PROBLEM_MEDIA_TYPE } from '../problems/problem.reply.js';
import { PROBLEM_TYPES, type ProblemSlug, problemTypeUri } from '../problems/problem-types.js';

interface ProblemHeader {
  readonly description: string;
  /** Whether every problem of its kind has it. */
  readonly required: boolean;
  readonly schema: { readonly type: 'string' | 'integer'; readonly minimum?: number };
}

const WHICH_KEY: Readonly<Record<string, ProblemHeader>> = {
  'WWW-Authenticate': {
    description: 'What is wrong with the key; RFC 6750.',
    required: true,
    schema: { type: 'string' },
  },
};
const COME_AGAIN: Readonly<Record<string, ProblemHeader>> = {
  'Retry-After': { description: 'Seconds.', required: true, schema: { type: 'integer', minimum: 1 } },
};

/** Headers that come with some problems. */
const HEADERS: Readonly<Partial<Record<ProblemSlug, Readonly<Record<string, ProblemHeader>>>>> = {
  unauthenticated: WHICH_KEY,
  'missing-scope': WHICH_KEY,
  overloaded: COME_AGAIN,
  unavailable: COME_AGAIN,
  'unsupported-media-type': {
    'Accept-Post': { description: 'The media type that is taken.', required: false, schema: { type: 'string' } },
    'Accept-Encoding': { description: 'Where the body was compressed.', required: false, schema: { type: 'string' } },
  },
};

/** The problems of every route that reads a JSON body. */
export const BODY_PROBLEMS = [
  'malformed-json',
  'validation-failed',
  'unsupported-media-type',
  'payload-too-large',
] as const satisfies readonly ProblemSlug[];

const DECLARED = 'postrider:problems';

/** The problems that a handler was declared to answer with, by every `@Problems` on it and on its controller. */
export function declaredProblems(handler: object): readonly ProblemSlug[] {
  const slugs: readonly ProblemSlug[] | undefined = Reflect.getMetadata(DECLARED, handler);
  return slugs ?? [];
}

/**
 * Declares the problems that a route answers with, for the OpenAPI document. On a controller it applies to all methods.
 * Several declarations add up, even for the same status.
 */
export function Problems(...slugs: [ProblemSlug, ...ProblemSlug[]]): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key !== undefined && descriptor) {
      declare(target, key, descriptor, slugs);
    } else if (typeof target === 'function') {
      declareForAll(target, slugs);
    }
  };
}

function declareForAll(controller: Function, slugs: readonly ProblemSlug[]): void {
  const prototype: object = controller.prototype;
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name !== 'constructor' && typeof member.value === 'function') declare(prototype, name, member, slugs);
  }
}

function declare(target: object, key: string | symbol, descriptor: PropertyDescriptor, slugs: readonly ProblemSlug[]) {
  const handler: object = descriptor.value;
  const before = declaredProblems(handler);
  const added = slugs.filter((slug) => !before.includes(slug));
  const all = [...before, ...added];
  Reflect.defineMetadata(DECLARED, all, handler);
  const addedByStatus = Map.groupBy(added, statusOf);
  applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...addedByStatus].map(([status, more]) =>
      problemResponse(
        status,
        more,
        all.filter((slug) => statusOf(slug) === status),
      ),
    ),
  )(target, key, descriptor);
}

function statusOf(slug: ProblemSlug): number {
  return PROBLEM_TYPES[slug].status;
}

/** Replaces an earlier declaration of this status, except for its description, to which `added` is appended. */
function problemResponse(status: number, added: readonly ProblemSlug[], all: readonly ProblemSlug[]): MethodDecorator {
  return ApiResponse({
    status,
    description: added.map((slug) => `${PROBLEM_TYPES[slug].title}.`).join('\n\n'),
    headers: Object.assign({}, ...all.map((slug) => HEADERS[slug])),
    content: {
      [PROBLEM_MEDIA_TYPE]: {
        schema: {
          allOf: [
            { $ref: getSchemaPath(ProblemDto) },
            {
              type: 'object',
              required: ['type'],
              properties: { type: { type: 'string', enum: all.map(problemTypeUri) } },
            },
          ],
        },
      },
    },
  });
}
