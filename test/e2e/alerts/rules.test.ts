import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { metricsOf } from '../../alerts/metrics-of';
import { eventually } from '../local-site';
import { commandsIn, failing } from '../runbooks';
import { Platform } from './platform';

/** The rules of a platform that is well: all are evaluated on series that exist, none fires, and their runbooks are true. */
let platform: Platform;

beforeAll(async () => {
  platform = await Platform.open('alert-rules');
}, 3_600_000);

afterAll(() => platform?.close(), 120_000);

test('every rule of the platform is loaded and evaluated without an error', async () => {
  const declared = [...readFileSync(platform.file('rules.yaml'), 'utf8').matchAll(/ alert: (\S+)/g)].map(
    ([, name]) => name,
  );
  expect(declared.length).toBeGreaterThan(20);
  await eventually('all rules are evaluated', 180, async () => {
    const loaded = (await platform.monitoring.rules()).filter(
      ({ labels }) => labels['responsible'] === 'platform',
    );
    return loaded.length === declared.length && loaded.every(({ health }) => health === 'ok');
  });
}, 200_000);

test('every metric that a rule reads is told by somebody', async () => {
  const rules = parse(readFileSync(platform.file('rules.yaml'), 'utf8')) as {
    groups: { rules: { expr: string }[] }[];
  };
  const read = new Set(rules.groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricsOf(expr))));
  // What was just deployed has to be scraped first.
  let unknown = [...read];
  await eventually('each is known', 150, async () => {
    // A family that has no member now is known by its description.
    const [names, families] = [
      await platform.monitoring.prometheus<string[]>('label/__name__/values'),
      Object.keys(await platform.monitoring.prometheus<Record<string, unknown>>('metadata')),
    ];
    const known = new Set([...names, ...families]);
    unknown = unknown.filter((metric) => !known.has(metric));
    return unknown.length === 0;
  }).catch(() => undefined);
  expect(unknown).toEqual([]);
}, 180_000);

test(
  'the dead man’s switch is called',
  () =>
    eventually('the watchdog arrives', 120, async () => platform.webhook.notifications('/switch').length > 0),
  130_000,
);

test('a platform that is well raises no alert', async () => {
  // A database that was just made has no history: what is pending for that has to pass.
  await eventually('nothing fires', 300, async () => {
    const firing = await platform.monitoring.query('ALERTS{namespace="local",alertstate="firing"}');
    return firing.length === 0;
  });
}, 320_000);

test('the commands of its runbooks run as they are written', async () => {
  const commands = commandsIn(platform.file('runbooks'));
  expect(commands.length).toBeGreaterThan(10);
  expect(await failing(commands, (command) => platform.site.script(command))).toEqual([]);
}, 1_800_000);
