import { Postrider } from './postrider.js';

export const POSTRIDER = new Postrider();

export const POSTRIDER_SILENT = new Postrider({ name: 'Postrider, LOG_LEVEL=silent', env: { LOG_LEVEL: 'silent' } });

export const POSTRIDER_INSERT_EACH = new Postrider({
  name: 'Postrider with one INSERT per request',
  program: new URL('../limits/insert-per-request.main.js', import.meta.url).pathname,
});

/** Two worker processes on one database. */
export const POSTRIDER_TWICE = new Postrider({ name: 'Postrider, two workers', replicas: 1 });
