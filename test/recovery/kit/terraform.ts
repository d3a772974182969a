import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KitStack } from '../../../constructs/recovery/kit';

type Json = Record<string, unknown>;

/**
 * A folder of providers in Terraform's mirror layout
 * (`registry.terraform.io/hashicorp/kubernetes/2.38.0/linux_amd64/…`). With it,
 * the tests that need a provider run; without it they are skipped, and counted
 * as such.
 */
export const PROVIDER_MIRROR = process.env['DISASTER_RECOVERY_PROVIDER_MIRROR'];

export interface TerraformOptions {
  /** Values of the stack's variables. */
  readonly variables?: Readonly<Record<string, string>>;
  /**
   * The cluster.
   * @default an address where nothing listens: a plan of new objects asks no server
   */
  readonly kubeconfig?: string;
  /** Further blocks of the configuration. */
  readonly blocks?: Json;
}

export interface Change {
  readonly address: string;
  readonly actions: readonly string[];
  readonly before: Json | null;
  readonly after: Json;
}

/** A stack in a folder of its own, initialised from the mirror: no registry is reached. */
export class Terraform {
  private readonly directory = mkdtempSync(join(tmpdir(), 'terraform-'));

  constructor(
    stack: KitStack,
    private readonly options: TerraformOptions = {},
  ) {
    const { terraform, provider: _given, ...rest } = stack.terraform as Record<string, Json>;
    const { backend: _local, ...settings } = terraform ?? {};
    const provider =
      options.kubeconfig === undefined
        ? { host: 'https://127.0.0.1:1', token: 'none' }
        : { config_path: options.kubeconfig };
    this.write(
      'cdk.tf.json',
      JSON.stringify({ ...rest, terraform: settings, provider: { kubernetes: [provider] } }),
    );
    if (options.blocks !== undefined) this.write('blocks.tf.json', JSON.stringify(options.blocks));
    this.write(
      'cli.tfrc',
      `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(PROVIDER_MIRROR)}\n  }\n}\n`,
    );
    this.run('init', '-input=false');
  }

  run(...args: readonly string[]): string {
    const variables = Object.entries(this.options.variables ?? {}).map(([name, value]) => [
      `TF_VAR_${name}`,
      value,
    ]);
    const result = spawnSync('terraform', [...args, '-no-color'], {
      cwd: this.directory,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      // Nothing of the surroundings leaks in, a kubeconfig least of all.
      env: {
        ...Object.fromEntries(variables),
        PATH: process.env['PATH'],
        HOME: this.directory,
        TF_CLI_CONFIG_FILE: join(this.directory, 'cli.tfrc'),
        TF_IN_AUTOMATION: '1',
        CHECKPOINT_DISABLE: '1',
      },
    });
    if (result.error !== undefined) throw result.error;
    if (result.status !== 0)
      throw new Error(`terraform ${args.join(' ')}:\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  plan(): readonly Change[] {
    this.run('plan', '-input=false', '-out=plan');
    const shown = JSON.parse(this.run('show', '-json', 'plan')) as {
      resource_changes: { address: string; change: Omit<Change, 'address'> }[];
    };
    return shown.resource_changes.map(({ address, change }) => ({
      address,
      actions: change.actions,
      before: change.before,
      after: change.after,
    }));
  }

  private write(name: string, content: string): void {
    writeFileSync(join(this.directory, name), content);
  }
}
