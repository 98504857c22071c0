/** The body of a request that has no fields: none at all, or `{}`. Any property is refused as unknown. */
export class NoFieldsDto {}
