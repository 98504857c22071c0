import type { Configuration } from '../config/configuration.js';

/** Where a human looks at an alert. */
export function linkToAlert({ env, publicUrl }: Configuration, alertId: string): string {
  const console = env.CONSOLE_URL ?? `${publicUrl}/console`;
  return `${console.replace(/[#/]+$/, '')}#/alerts/${alertId}`;
}
