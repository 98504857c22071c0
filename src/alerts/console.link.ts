import type { Configuration } from '../config/configuration.js';

/** Where a human looks at an alert: in the console if there is one, otherwise in this service's own answer. */
export function linkToAlert({ env, publicUrl }: Pick<Configuration, 'env' | 'publicUrl'>, alertId: string): string {
  if (env.CONSOLE_URL === undefined) return `${publicUrl}/v1/admin/alerts/${alertId}`;
  return `${env.CONSOLE_URL.replace(/[#/]+$/, '')}#/alerts/${alertId}`;
}
