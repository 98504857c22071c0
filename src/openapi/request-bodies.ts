import type { OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Schema = Schemas[string];
type SchemaObject = Exclude<Schema, { $ref: string }>;

const NULL: Schema = { type: 'null' };

/**
 * Documents for every body what validation/validation.pipe.ts does: unnamed properties are refused, optional ones may
 * also be null, and a body without required properties may be left out.
 */
export function describeRequestBodies(document: OpenAPIObject): void {
  const schemas = document.components?.schemas ?? {};
  const operations = Object.values(document.paths).flatMap((path) => [path.post, path.delete]);
  const bodies = operations.flatMap((operation) => operation?.requestBody ?? []);
  for (const body of bodies) {
    const name = namesIn(body).at(0);
    if (name !== undefined && 'content' in body) body.required = requiredIn(schemas[name]).length > 0;
  }
  for (const name of reachableFrom(bodies, schemas)) {
    const schema = schemas[name];
    if (schema !== undefined && !('$ref' in schema)) schemas[name] = closed(schema);
  }
}

function closed(schema: SchemaObject): SchemaObject {
  const required = requiredIn(schema);
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => [
    name,
    required.includes(name) ? property : orNull(property),
  ]);
  return { ...schema, properties: Object.fromEntries(properties), additionalProperties: false };
}

function orNull(schema: Schema): Schema {
  if ('$ref' in schema) return { anyOf: [schema, NULL] };
  const { allOf, ...rest } = schema;
  // A reference with a description.
  if (allOf) return { ...rest, anyOf: [...allOf, NULL] };
  return {
    ...schema,
    type: [...[schema.type ?? []].flat(), 'null'],
    ...(schema.enum ? { enum: [...schema.enum, null] } : {}),
  };
}

function requiredIn(schema: Schema | undefined): readonly string[] {
  return schema !== undefined && 'required' in schema ? (schema.required ?? []) : [];
}

function reachableFrom(start: unknown, schemas: Schemas): ReadonlySet<string> {
  const found = new Set(namesIn(start));
  // A set also hands out what is added while it is iterated.
  for (const name of found) for (const next of namesIn(schemas[name])) found.add(next);
  return found;
}

/** The schemas that a part of the document refers to. */
function namesIn(part: unknown): string[] {
  const references = (JSON.stringify(part) ?? '').matchAll(/"#\/components\/schemas\/(?<name>\w+)"/g);
  return [...references].flatMap(({ groups }) => groups?.['name'] ?? []);
}
