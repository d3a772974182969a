import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalSite } from './local-site';

/** The cheat sheet of the README, command by command as it is written there, on a real cluster. */
const README = readFileSync(join(__dirname, '../../constructs/postgres/README.md'), 'utf8');
const commands = (/## Cheat sheet[\s\S]*?```sh\n([\s\S]*?)```/.exec(README)?.[1] ?? '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  // A terminal is an operator's; a test gives the statement instead.
  .map((line) => line.replace('exec -it', 'exec').replace(/-- psql$/, "-- psql -c 'select 1'"));

let site: LocalSite;

beforeAll(async () => {
  site = await LocalSite.open('cheats');
  await site.initialised();
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

test('it has commands', () => {
  expect(commands.length).toBeGreaterThanOrEqual(8);
});

test.each(commands)('%s', async (command) => {
  const { exitCode, output } = await site.shell(command, { NS: 'local', DB: 'orders', AT: 'latest' });
  expect(exitCode === 0 ? '' : output).toBe('');
  if (command.includes('pgbackrest')) expect(output).toContain('full backup');
  if (command.includes('logs job')) expect(output).toContain('"type":"diff"');
});
