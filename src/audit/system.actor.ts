/** The service itself, as an actor in the audit log. No client may have this name, or it could pose as the service. */
export const SYSTEM = 'system';

export function systemActor(part: string): `${typeof SYSTEM}/${string}` {
  return `${SYSTEM}/${part}`;
}

/** Whether a client's name reads like the service's own. */
export function isSystemName(name: string): boolean {
  return name.trim().toLowerCase() === SYSTEM;
}
