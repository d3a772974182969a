import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EscrowFile } from '../../constructs/recovery';
import { EXCLUDE_LABEL } from '../../constructs/velero/labels';
import type { Environment } from '../../environments';
import type { Kubectl } from '../kubectl';
import { lastLine } from '../process';
import type { Progress } from '../progress';

export interface ExcludeEscrowedOptions {
  readonly environment: Pick<Environment, 'name' | 'velero'>;
  /** Root of the project, where `cdktf.out` is. */
  readonly directory: string;
  readonly kubectl: Kubectl;
  readonly progress: Progress;
}

/**
 * Keeps Secrets that the escrow holds out of Velero's archive, which is not encrypted. Those that Terraform makes have the
 * label by their declaration; these are made by others.
 */
export async function excludeEscrowed(options: ExcludeEscrowedOptions): Promise<void> {
  const { directory, environment, kubectl, progress } = options;
  const file = join(directory, 'cdktf.out/recovery', environment.name, 'escrow.json');
  if (environment.velero === undefined || !existsSync(file)) return;
  const { secrets } = JSON.parse(readFileSync(file, 'utf8')) as EscrowFile;
  const existing = new Map(
    secrets.flatMap((one) =>
      'secret' in one ? [[`${one.secret.namespace}/${one.secret.name}`, one.secret] as const] : [],
    ),
  );
  for (const [key, { name, namespace }] of existing)
    try {
      const label = `${EXCLUDE_LABEL}=true`;
      await kubectl.run(['label', 'secret', name, label, '--overwrite', `--namespace=${namespace}`]);
    } catch (error) {
      progress(
        `WARNING the Secret ${key} of the escrow could not be kept out of Velero's archive: ${lastLine(error instanceof Error ? error.message : String(error))}`,
      );
    }
}
