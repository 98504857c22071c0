import { readMigrationAddress } from '../config/read-environment.js';
import { describeStartFailure } from '../start-failure.js';
import { migrate } from './migrate.js';

const USAGE = `npm run migrate            brings the schema of DATABASE_URL up to date
npm run migrate -- down    takes the last migration back
npm run migrate -- --help  says this
`;

/** @returns the exit code */
async function main(words: readonly string[]): Promise<number> {
  const [word] = words;
  if (words.length === 1 && (word === '--help' || word === '-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (words.length > 1 || (word !== undefined && word !== 'down')) {
    process.stderr.write(`Nothing was migrated: these words are not understood.\n${USAGE}`);
    return 1;
  }
  const databaseUrl = readMigrationAddress(process.env);
  const direction = word ?? 'up';
  const say = (sentence: string) => void process.stdout.write(`${sentence}\n`);
  const ran = await migrate(databaseUrl, direction, { say });
  say(
    direction === 'down'
      ? 'The last migration was taken back.'
      : ran.length === 0
        ? 'The schema is up to date.'
        : `Ran ${ran.join(', ')}.`,
  );
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${describeStartFailure(error)}\n`);
  process.exitCode = 1;
}
