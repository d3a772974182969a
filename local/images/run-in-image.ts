import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '../processes/progress';
import { type RunResult, tryRun } from '../processes/run';
import { type ImageName, imageDefinition } from './catalogue';
import { unpackedImage } from './unpack';

export type ImageMount =
  | {
      readonly source: string;
      readonly target: string;
      /** @default true - as ConfigMaps and Secrets are */
      readonly readOnly?: boolean;
    }
  | {
      /** Where an empty folder in memory goes. */
      readonly emptyDir: string;
      /** @default '1777' */
      readonly mode?: string;
    };

export interface RunInImageProps {
  /** @default none */
  readonly mounts?: readonly ImageMount[];
  /** Added to the image's own environment; nothing of this process' environment is passed on. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Numeric `user:group`. @default the image's user */
  readonly user?: string;
  /** @default false - the root file system is read-only, as in the pods */
  readonly writableRoot?: boolean;
  /** Path of a network namespace. @default the machine's network */
  readonly network?: string;
  /** Standard input. @default empty */
  readonly input?: string;
  /** @default 5 minutes; then everything the command started is killed */
  readonly timeoutMs?: number;
}

/**
 * Runs a command in an image without a container engine: what a pod would do,
 * in a fraction of a second. Whatever it starts is killed when it ends.
 */
export async function runInImage(
  image: ImageName,
  argv: readonly string[],
  props: RunInImageProps = {},
  progress: Progress = () => undefined,
): Promise<RunResult> {
  const unpacked = await unpackedImage(imageDefinition(image), progress);
  const config = JSON.parse(await readFile(unpacked.config, 'utf8')) as ImageConfig;
  const scratch = mkdtempSync(join(tmpdir(), `image-${image}-`));
  try {
    const environment = [
      ...(config.Env ?? []),
      ...Object.entries(props.env ?? {}).map(([name, value]) => `${name}=${value}`),
    ];
    const enter = [
      join(__dirname, 'enter-rootfs.sh'),
      unpacked.rootfs,
      scratch,
      props.user ?? (config.User === undefined || config.User === '' ? '0:0' : config.User),
      props.writableRoot === true ? 'rw' : 'ro',
      config.WorkingDir === undefined || config.WorkingDir === '' ? '/' : config.WorkingDir,
      ...(props.mounts ?? []).map(mountArgument),
      '--',
      ...['env', '-i', ...environment, ...argv],
    ];
    const unshare = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      ...enter,
    ];
    const [command = '', ...args] =
      props.network === undefined ? unshare : ['nsenter', `--net=${props.network}`, '--', ...unshare];
    return await tryRun(command, args, {
      timeoutMs: props.timeoutMs ?? 300_000,
      ...(props.input === undefined ? {} : { input: props.input }),
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface ImageConfig {
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

function mountArgument(mount: ImageMount): string {
  if ('emptyDir' in mount) return `tmpfs:${mount.emptyDir}:${mount.mode ?? '1777'}`;
  for (const path of [mount.source, mount.target]) {
    if (path.includes(':'))
      throw new Error(`${path} holds a colon, which separates the parts of a mount. Use another path.`);
  }
  return `bind:${mount.readOnly === false ? 'rw' : 'ro'}:${mount.source}:${mount.target}`;
}
