import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { Size } from '../constructs/core';
import { CommandFailed } from '../local/rehearsal/command';
import { openEmbeddedSite } from '../local/rehearsal/embedded-site';
import { rehearse } from '../local/rehearsal/rehearse';
import { renderReport } from '../local/rehearsal/report';
import { ENGINES } from './deploy/engine';

const EXIT = { passed: 0, dataNotBack: 1, environmentProblem: 2 } as const;

const command = new Command('rehearse')
  .description(
    'lose everything but the vault, run the deploy command again, and see whether the data is back',
  )
  .option('--json <file>', 'write the report there, too')
  .option('--size <size>', 'data that is loaded before the disaster', '200Mi')
  .addOption(new Option('--engine <engine>').choices(['auto', ...ENGINES]).default('auto'))
  .addOption(new Option('--cluster <cluster>').choices(['embedded', 'existing']).default('embedded'))
  .option('--name <name>', 'name of the embedded instance', 'rehearsal')
  .option('--keep', 'leave cluster and vault running afterwards')
  .action(
    async (options: {
      json?: string;
      size: string;
      engine: string;
      cluster: string;
      name: string;
      keep?: boolean;
    }) => {
      const progress = (message: string): void => console.log(message);
      const directory = join(tmpdir(), `rehearsal-${process.pid}`);
      mkdirSync(directory, { recursive: true });
      const site = await openEmbeddedSite({ name: options.name, progress });
      try {
        const report = await rehearse({
          site,
          directory,
          engine: options.engine,
          bytes: Size.parse(options.size).bytes,
          progress,
        });
        console.log(renderReport(report));
        if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
        process.exitCode = report.passed ? EXIT.passed : EXIT.dataNotBack;
      } finally {
        if (options.keep === true) console.log(site.keep());
        else await site.close();
      }
    },
  );

command.parseAsync().catch((error: unknown) => {
  const known = error instanceof CommandFailed;
  console.error(`ERROR ${known ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = EXIT.environmentProblem;
});
