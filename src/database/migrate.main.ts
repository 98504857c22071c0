import { readMigrationAddress } from '../config/read-environment.js';
import { describeStartFailure } from '../start-failure.js';
import { migrate } from './migrate.js';

/** `npm run migrate [-- down]`: brings the schema of DATABASE_URL up to date, or takes the last migration back. */
try {
  const databaseUrl = readMigrationAddress(process.env);
  const direction = process.argv[2] === 'down' ? 'down' : 'up';
  const ran = await migrate(databaseUrl, direction);
  process.stdout.write(
    direction === 'down'
      ? 'The last migration was taken back.\n'
      : ran.length === 0
        ? 'The schema is up to date.\n'
        : `Ran ${ran.join(', ')}.\n`,
  );
} catch (error) {
  process.stderr.write(`${describeStartFailure(error)}\n`);
  process.exitCode = 1;
}
