import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';

/** One request and what came of it. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly asked: Side;
  readonly answered: Side & { readonly status: number };
}

interface Side {
  readonly headers: Headers;
  /** As JSON says it; text where it is something else; undefined for none. */
  readonly body: unknown;
}

/** As much of an OpenAPI document as is looked at here. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, AnySchemaObject>> };
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly content?: Content; readonly headers?: HeadersOf } | undefined>
  >;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: AnySchemaObject;
}

type Content = Readonly<Record<string, { readonly schema: AnySchemaObject } | undefined>>;
type HeadersOf = Readonly<Record<string, { readonly required?: boolean; readonly schema: AnySchemaObject }>>;

/** What an answer may tell in headers of its own, besides those that every answer has. */
const TELLING_HEADERS = [
  'accept-encoding',
  'accept-post',
  'allow',
  'content-disposition',
  'idempotent-replayed',
  'location',
  'retry-after',
  'www-authenticate',
];

/** Narrower than the document's own words: the API promises UTC with milliseconds, and ids of version 7. */
const ANSWERED_FORMATS = {
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  uuid: /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  uri: (text: string) => URL.canParse(text),
};

const ASKED_FORMATS = {
  // Seconds may be left out, which RFC 3339 would not let pass.
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
  uri: (text: string) => URL.canParse(text),
};

/** What a path or a method that nobody serves is answered. */
const NO_ROUTE: ReadonlySet<number> = new Set([404, 405]);

/** Holds requests and answers against /openapi.json: what was accepted, and everything that was answered. */
class DescribedExchanges {
  private readonly answered: Ajv2020;
  private readonly asked: Ajv2020;
  private readonly validators = new Map<object, ValidateFunction>();
  private readonly routes: readonly {
    readonly path: RegExp;
    readonly operations: Readonly<Record<string, Operation>>;
  }[];

  constructor(document: Document) {
    const options = { strict: false, allErrors: true };
    this.answered = new Ajv2020({ ...options, formats: ANSWERED_FORMATS });
    this.asked = new Ajv2020({ ...options, formats: ASKED_FORMATS });
    this.answered.addSchema({ components: closed(document.components) }, 'document');
    this.asked.addSchema({ components: document.components }, 'document');
    this.routes = Object.entries(document.paths)
      .toSorted(([one], [other]) => one.split('{').length - other.split('{').length)
      .map(([path, operations]) => ({ path: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/%]+')}$`), operations }));
  }

  /** A sentence for everything that the document does not say, or says otherwise. */
  complaints({ method, path, asked, answered }: Exchange): string[] {
    const [bare = '', query = ''] = path.split('?');
    const operation = this.routes
      .filter((route) => route.path.test(bare))
      .map(({ operations }) => operations[method.toLowerCase()])
      .find((found) => found !== undefined);
    if (!operation) return NO_ROUTE.has(answered.status) ? [] : [`${method} ${bare}: is not documented`];
    const accepted = answered.status < 300 && !isRefusedWhole(answered.body);
    return [
      ...this.ofAnswer(operation, answered),
      ...(accepted
        ? [
            ...this.ofBody(operation, { ...asked, body: withoutRefused(asked.body, answered.body) }),
            ...this.ofParameters(operation, query, asked.headers),
          ]
        : []),
    ].map((complaint) => `${method} ${bare}: ${complaint}`);
  }

  private ofAnswer({ responses }: Operation, { status, headers, body }: Exchange['answered']): string[] {
    const described = responses[status];
    if (!described) return [`answers ${status}, which is not documented`];
    return [
      ...this.ofHeaders(described.headers ?? {}, headers).map((complaint) => `${status} ${complaint}`),
      ...this.ofContent(described.content, headers, body).map((complaint) => `${status} ${complaint}`),
    ];
  }

  private ofContent(content: Content | undefined, headers: Headers, body: unknown): string[] {
    const mediaType = headers.get('content-type')?.split(';')[0];
    if (body === undefined) return content ? ['has no body'] : [];
    const described = content?.[mediaType ?? ''];
    if (!described) return [`is ${mediaType}, which is not documented`];
    return this.check(this.answered, described.schema, body);
  }

  private ofHeaders(described: HeadersOf, headers: Headers): string[] {
    const known = new Map(Object.entries(described).map(([name, header]) => [name.toLowerCase(), header]));
    const unknown = TELLING_HEADERS.filter((name) => headers.has(name) && !known.has(name));
    return [
      ...unknown.map((name) => `has the header ${name}, which is not documented`),
      ...[...known].flatMap(([name, { required, schema }]) => {
        const value = headers.get(name);
        if (value === null) return required ? [`lacks the header ${name}`] : [];
        return this.check(this.answered, schema, read(value, schema)).map((complaint) => `${name} ${complaint}`);
      }),
    ];
  }

  private ofBody({ requestBody }: Operation, { body, headers }: Side): string[] {
    if (body === undefined) return requestBody?.required ? ['goes without the body that is said to be required'] : [];
    const mediaType = headers.get('content-type')?.split(';')[0] ?? '';
    const described = requestBody?.content[mediaType];
    if (!requestBody) return [];
    if (!described) return [`takes ${mediaType}, which is not documented`];
    return this.check(this.asked, described.schema, body).map((complaint) => `takes a body that ${complaint}`);
  }

  private ofParameters({ parameters = [] }: Operation, query: string, headers: Headers): string[] {
    const given = [...new URLSearchParams(query)].map(([name, value]) => ({ name: name.replace(/\[.*$/, ''), value }));
    const inQuery = given.flatMap(({ name, value }) => {
      const parameter = parameters.find((one) => one.in === 'query' && one.name === name);
      if (!parameter) return [`takes the parameter ${name}, which is not documented`];
      if (parameter.schema['type'] === 'object') return [];
      return this.check(this.asked, parameter.schema, read(value, parameter.schema));
    });
    const inHeaders = parameters.flatMap((parameter) => {
      const value = parameter.in === 'header' ? headers.get(parameter.name) : null;
      return value === null ? [] : this.check(this.asked, parameter.schema, value);
    });
    return [...inQuery, ...inHeaders];
  }

  private check(ajv: Ajv2020, schema: AnySchemaObject, value: unknown): string[] {
    const validate = this.validators.get(schema) ?? ajv.compile(inDocument(schema));
    this.validators.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A batch is answered with 202 although some of its items, or all, are refused. */
function withoutRefused(asked: unknown, answered: unknown): unknown {
  const { results } = Object(answered) as { results?: { error?: unknown }[] };
  const { notifications } = Object(asked) as { notifications?: unknown[] };
  if (!results || !notifications) return asked;
  return { ...Object(asked), notifications: notifications.filter((_, index) => results[index]?.error === undefined) };
}

function isRefusedWhole(answered: unknown): boolean {
  const { accepted, rejected = 0 } = Object(answered) as { accepted?: number; rejected?: number };
  return accepted === 0 && rejected > 0;
}

/** A parameter or header as its schema means it. */
function read(text: string, { type }: AnySchemaObject): unknown {
  return type === 'integer' || type === 'number' ? Number(text) : text;
}

/** References lead into the document, wherever the schema stood in it. */
function inDocument(schema: AnySchemaObject): AnySchemaObject {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'));
}

/**
 * Answers may gain properties, so the document leaves them open; here one that it does not tell of is a mistake.
 * Problems are open by RFC 9457.
 */
function closed(components: Document['components']): Document['components'] {
  const schemas = Object.entries(components.schemas).map(([name, schema]) => {
    const open = name === 'Problem' || schema['properties'] === undefined;
    return [name, open ? schema : { ...schema, unevaluatedProperties: false }];
  });
  return { schemas: Object.fromEntries(schemas) };
}

let described: Promise<DescribedExchanges> | undefined;

/**
 * Fetches, and holds what was asked and answered against the service's own /openapi.json.
 * @param sent the body as JSON says it, or its text
 * @throws when the document does not say so
 */
export async function fetchDescribed(request: Request, sent: unknown): Promise<Response> {
  const { origin, pathname, search } = new URL(request.url);
  // Before the request: reading it keeps this process busy, and a service in it would wait in vain for its database.
  const document = await describedBy(origin);
  const response = await fetch(request);
  const text = await response.clone().text();
  const complaints = document.complaints({
    method: request.method,
    path: pathname + search,
    asked: { headers: request.headers, body: jsonOf(sent) },
    answered: { status: response.status, headers: response.headers, body: jsonOf(text) },
  });
  if (complaints.length > 0) throw new Error(`Not as /openapi.json says:\n${complaints.join('\n')}`);
  return response;
}

/** The document of the first service that is asked: it is the same of all. */
export function describedBy(origin: string): Promise<DescribedExchanges> {
  // One that is killed while it answers must not be the last that is asked.
  described ??= documentOf(origin).catch((error: unknown) => {
    described = undefined;
    throw error;
  });
  return described;
}

async function documentOf(origin: string): Promise<DescribedExchanges> {
  const response = await fetch(`${origin}/openapi.json`);
  return new DescribedExchanges((await response.json()) as Document);
}

/** Undefined for none; text where it is no JSON. */
function jsonOf(body: unknown): unknown {
  if (body === '') return undefined;
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
