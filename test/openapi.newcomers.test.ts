import { describe, expect, it } from 'vitest';
import { bury, startRefusing } from './dead-letters.setup.js';
import { shareTestService } from './support/service.js';

interface Operation {
  readonly tags?: readonly string[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content | undefined>> };
}

interface Content {
  readonly schema: { readonly $ref?: string };
  readonly examples?: Readonly<Record<string, { readonly value: object }>>;
}

interface Document {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

/** Every operation that takes JSON with fields. */
function bodiesOf({ paths, components }: Document) {
  const bodies = Object.entries(paths).flatMap(([path, operations]) =>
    Object.values(operations).flatMap(({ requestBody }) => {
      const json = requestBody?.content['application/json'];
      const name = json?.schema.$ref?.replace(/^.*\//, '') ?? '';
      const fields = Object.keys(components.schemas[name]?.properties ?? {});
      return json && fields.length > 0 ? [{ path, examples: Object.entries(json.examples ?? {}) }] : [];
    }),
  );
  expect(bodies).toContainEqual(expect.objectContaining({ path: '/v1/notifications' }));
  return bodies;
}

/** It does not describe itself, as the tests' client would want. */
async function documentOf(url: string): Promise<Document> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Document;
}

describe('the OpenAPI document, for somebody who sees it for the first time', () => {
  const service = shareTestService();

  it('describes every group of operations, what a client needs first', async () => {
    const { tags, paths } = await documentOf(service().url);
    const used = Object.values(paths).flatMap((path) =>
      Object.values(path).flatMap((operation) => operation.tags ?? []),
    );
    expect(tags[0]?.name).toBe('notifications');
    expect(tags.map(({ name }) => name).toSorted()).toEqual([...new Set(used)].toSorted());
  });

  it('has an example of every body with fields', async () => {
    const without = bodiesOf(await documentOf(service().url)).filter(({ examples }) => examples.length === 0);
    expect(without.map(({ path }) => path)).toEqual([]);
  });
});

it('every example of the OpenAPI document is accepted as it is', async () => {
  const test = await startRefusing({ ALERT_WEBHOOK_URL: 'http://127.0.0.1:9/' });
  const { api, url } = test;
  const circuits = await api.get<{ items: { id: string }[] }>('/v1/admin/circuits');
  const filled = async (path: string) => {
    if (!path.includes('{id}')) return path;
    const id = path.includes('/circuits/') ? circuits.body.items.at(0)?.id : (await bury(test)).id;
    return path.replace('{id}', id ?? 'none');
  };
  for (const { path, examples } of bodiesOf(await documentOf(url))) {
    for (const [name, { value }] of examples) {
      const { status, body } = await api.post<{ rejected?: number }>(await filled(path), value);
      expect({ path, name, accepted: status < 300 && (body.rejected ?? 0) === 0, body }).toMatchObject({
        accepted: true,
      });
    }
  }
});
