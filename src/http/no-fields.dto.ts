/** The body of a request that has nothing to say: none at all, or `{}`. Any property is an unknown one. */
export class NoFieldsDto {}
