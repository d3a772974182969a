import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, EnvironmentStack } from '../../constructs/core';
import { synthesise } from '../../constructs/recovery/synthesise';
import type { LocalSite } from './local-site';

/** A stack that a test declares beside the environment `local`, synthesised into a folder of its own, applied by its kit. */
export class Layer {
  readonly outdir: string;

  /** @param environment a name of its own, which becomes part of the folder's paths */
  constructor(
    private readonly environment: string,
    declare: (stack: EnvironmentStack) => void,
  ) {
    this.outdir = mkdtempSync(join(tmpdir(), `${environment}-`));
    const app = new App({ outdir: this.outdir, stackTraces: false });
    const stack = new EnvironmentStack(app, { environment, layer: 'platform' });
    new KubernetesProvider(stack, 'kubernetes', {});
    declare(stack);
    synthesise(app);
  }

  /** Of what was written for its recovery. */
  file(path: string): string {
    return join(this.outdir, 'recovery', this.environment, path);
  }

  /** Waits until all of it is ready. @throws Error with all that the kit said */
  async apply(site: LocalSite): Promise<void> {
    const { exitCode, output } = await site.script(`${this.file('kit/apply')} --wait --timeout 120`, 200);
    if (exitCode !== 0) throw new Error(output);
  }

  remove(): void {
    rmSync(this.outdir, { recursive: true, force: true });
  }
}
