import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type App,
  collectFaults,
  collectWarnings,
  EnvironmentStack,
  type Fault,
  FaultsError,
  formatWarnings,
  LAYERS,
} from '../core';
import { describeEscrow } from './escrow';
import { buildKit, writeKit } from './kit';
import { Recovery } from './recovery';
import { buildReport } from './report';

/**
 * Validates the whole application, then writes the stacks and everything that
 * follows from the facts: `<outdir>/recovery/<environment>/report.json`,
 * `escrow.json` if an escrow is declared, what constructs write (rules, runbooks), and `kit/`.
 *
 * @throws FaultsError listing every fault of every environment; nothing is
 * written then, and the report and kit of an earlier run are removed, so that
 * nothing stale is mistaken for a current one. Warnings are told on stderr, and stand in the report.
 */
export function synthesise(app: App): void {
  const faults = collectFaults(app);
  const output = (environment: string) => join(app.outdir, 'recovery', environment);
  const environments = byEnvironment(app);
  for (const environment of environments.keys())
    rmSync(output(environment), { recursive: true, force: true });
  if (faults.length > 0) throw new FaultsError(faults);

  const warnings = collectWarnings(app);
  if (warnings.length > 0) console.error(formatWarnings(warnings));
  app.synth();
  const assets = Recovery.assets(app);
  for (const [environment, stacks] of environments) {
    const directory = output(environment);
    mkdirSync(directory, { recursive: true });
    const escrow = Recovery.escrows(app).find((declared) => declared.environment === environment);
    const writeJson = (name: string, content: unknown): void =>
      writeFileSync(join(directory, name), `${JSON.stringify(content, null, 2)}\n`);
    writeJson('report.json', buildReport(environment, assets, [], escrow, below(stacks, warnings)));
    const escrowFile = escrow === undefined ? undefined : describeEscrow(environment, escrow);
    if (escrowFile !== undefined) writeJson('escrow.json', escrowFile);
    for (const files of Recovery.writers(app, environment))
      for (const [name, text] of Object.entries(files())) {
        mkdirSync(dirname(join(directory, name)), { recursive: true });
        writeFileSync(join(directory, name), text);
      }
    const kit = buildKit(
      stacks
        .filter(({ layer }) => layer !== 'vault')
        .map((stack) => ({
          name: stack.node.id,
          terraform: synthesised(app, stack),
          watches: stack.layer === 'monitoring',
          velero: stack.layer === 'velero',
        })),
      { environment, ...(escrowFile === undefined ? {} : { escrow: escrowFile }) },
    );
    writeKit(kit, join(directory, 'kit'));
  }
}

function below(stacks: readonly EnvironmentStack[], warnings: readonly Fault[]): Fault[] {
  return warnings.filter(({ path }) =>
    stacks.some(({ node }) => path === node.path || path.startsWith(`${node.path}/`)),
  );
}

/** The environments of an application, each with its stacks in the order of their layers. */
function byEnvironment(app: App): Map<string, EnvironmentStack[]> {
  const environments = new Map<string, EnvironmentStack[]>();
  const stacks = app.node.children.filter((child) => child instanceof EnvironmentStack);
  for (const stack of stacks.sort((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer))) {
    environments.set(stack.environment, [...(environments.get(stack.environment) ?? []), stack]);
  }
  return environments;
}

function synthesised(app: App, stack: EnvironmentStack): unknown {
  return JSON.parse(readFileSync(join(app.outdir, 'stacks', stack.node.id, 'cdk.tf.json'), 'utf8'));
}
