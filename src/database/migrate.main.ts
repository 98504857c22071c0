import { InvalidEnvironmentError } from '../config/environment.error.js';
import { readEnvironment } from '../config/read-environment.js';
import { migrate } from './migrate.js';

/** `npm run migrate [-- down]`: brings the schema of DATABASE_URL up to date, or takes the last migration back. */
try {
  const { DATABASE_URL, DATABASE_LISTEN_URL } = readEnvironment(process.env);
  if (!DATABASE_URL) {
    throw new InvalidEnvironmentError([
      { variable: 'DATABASE_URL', expected: 'the database to migrate; the embedded one is migrated by npm start' },
    ]);
  }
  const direction = process.argv[2] === 'down' ? 'down' : 'up';
  const ran = await migrate(DATABASE_LISTEN_URL ?? DATABASE_URL, direction);
  process.stdout.write(
    direction === 'down'
      ? 'The last migration was taken back.\n'
      : ran.length === 0
        ? 'The schema is up to date.\n'
        : `Ran ${ran.join(', ')}.\n`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
