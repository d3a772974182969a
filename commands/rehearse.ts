import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Size } from '../constructs/core';
import { ENGINES } from '../deploy/engine';
import { ProgramFailed } from '../deploy/process';
import { EnvironmentProblem } from '../deploy/progress';
import { local } from '../environments/local';
import type { Progress } from '../local/instance';
import { npmRun } from '../local/rehearsal/command';
import { openEmbeddedSite } from '../local/rehearsal/embedded-site';
import { openExistingSite } from '../local/rehearsal/existing-site';
import { keepRecord } from '../local/rehearsal/record';
import { rehearse } from '../local/rehearsal/rehearse';
import { renderReport } from '../local/rehearsal/report';
import type { Site } from '../local/rehearsal/site';

const EXIT = { passed: 0, dataNotBack: 1, environmentProblem: 2 } as const;
const SITES = { embedded: openEmbeddedSite, existing: openExistingSite } as const;

interface Options {
  readonly json?: string;
  readonly size: Size;
  readonly engine: string;
  readonly cluster: keyof typeof SITES;
  readonly secrets: 'kept' | 'escrow';
  readonly name: string;
  readonly keep?: boolean;
}

const command = new Command('rehearse')
  .description(
    'lose everything but the vault, run the deploy command again, and see whether the data is back',
  )
  .option('--json <file>', 'write the report there, too')
  .option('--size <size>', 'data that is loaded before the disaster', size, Size.mebibytes(200))
  .addOption(
    new Option('--engine <engine>', 'auto: Terraform when its providers can be had, else the kit')
      .choices(['auto', ...ENGINES])
      .default('auto'),
  )
  .addOption(
    new Option(
      '--cluster <cluster>',
      "embedded: one of its own; existing: KUBECONFIG's, in a namespace of its own",
    )
      .choices(Object.keys(SITES))
      .default('embedded'),
  )
  .addOption(
    new Option('--secrets <secrets>', 'after the disaster: kept, or lost as well and opened from the escrow')
      .choices(['kept', 'escrow'])
      .default('kept'),
  )
  .option('--name <name>', 'name of the embedded instance', 'rehearsal')
  .option('--keep', 'leave cluster and vault running afterwards')
  .addHelpText('after', '\nExit code: 0 the data is back, 1 it is not, 2 a problem of the environment.')
  .action(run);

async function run(options: Options): Promise<void> {
  const progress = (message: string): void => console.log(message);
  const scratch = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  let site: Site | undefined;
  try {
    site = await SITES[options.cluster]({ name: options.name, progress });
    const report = await rehearse({
      site,
      directory: scratch,
      engine: options.engine,
      bytes: options.size.bytes,
      secrets: options.secrets,
      progress,
    });
    console.log(renderReport(report));
    const record = keepRecord(process.cwd(), report);
    console.log(`\nThe record of it: ${record.table}`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    process.exitCode = report.passed ? EXIT.passed : EXIT.dataNotBack;
    await keepInVault(site, record.json, progress);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    if (options.keep === true) console.log(site?.keep() ?? '');
    else await site?.close();
  }
}

/** Also where it survives this machine. What the rehearsal found is said already, whether or not this succeeds. */
async function keepInVault(site: Site, file: string, progress: Progress): Promise<void> {
  try {
    await npmRun('record', [local.name, 'rehearsals', file], site.variables(), progress);
  } catch (error) {
    console.error(`ERROR the record is not in the vault: ${error instanceof Error ? error.message : error}`);
    process.exitCode ||= EXIT.environmentProblem;
  }
}

function size(text: string): Size {
  try {
    return Size.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

command.parseAsync().catch((error: unknown) => {
  const known = error instanceof EnvironmentProblem || error instanceof ProgramFailed;
  console.error(`ERROR ${known ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = EXIT.environmentProblem;
});
