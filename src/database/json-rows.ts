import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';

/** An entity as JSON brings it: every time is a text. */
export type FromJson<Row> = { readonly [Name in keyof Row]: Date extends Row[Name] ? string | null : Row[Name] };

/** Rows of one entity as JSON objects inside a larger statement, with the entity's columns, properties and types. */
export class JsonRows<Row extends ObjectLiteral> {
  private readonly metadata: EntityMetadata;
  private readonly times: readonly (keyof Row & string)[];

  constructor(dataSource: DataSource, entity: EntityTarget<Row>) {
    this.metadata = dataSource.getMetadata(entity);
    this.times = this.metadata.columns
      .filter(({ type }) => type === 'timestamptz')
      .map(({ propertyName }) => propertyName);
  }

  /** The SQL expression for the row that the statement calls `alias`; without columns that are not selected by default. */
  of(alias: string): string {
    const fields = this.metadata.columns
      .filter(({ isSelect }) => isSelect)
      .map(({ propertyName, databaseName }) => `'${propertyName}', ${alias}.${databaseName}`);
    return `json_build_object(${fields.join(', ')})`;
  }

  read(json: FromJson<Row>): Row {
    const row: Row = this.metadata.create();
    return Object.assign(row, json, Object.fromEntries(this.times.map((name) => [name, timeOf(json[name])])));
  }
}

function timeOf(text: unknown): Date | null {
  return typeof text === 'string' ? new Date(text) : null;
}
