/** What a key may be used for. No scope implies another. The database checks the names. */
export const SCOPES = ['send', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];
