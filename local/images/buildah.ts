import { join } from 'node:path';
import { run } from '../processes/run';

const COMPRESSION = ['--compression-format', 'zstd', '--compression-level', '6'] as const;

/**
 * Buildah with a store of its own inside one folder, so that nothing else on
 * the machine sees or keeps these images, in a mount namespace of its own, so
 * that a build killed half-way leaves no mount behind.
 */
export class Buildah {
  readonly #directory: string;

  /** @param directory an existing folder; removing it removes everything */
  constructor(directory: string) {
    this.#directory = directory;
  }

  run(args: readonly string[]): Promise<string> {
    return this.#inMountNamespace(['buildah', ...this.#store(), ...args]);
  }

  /** Builds a Dockerfile. The machine's own network: packages come from where the machine gets them. */
  async build(props: {
    readonly dockerfile: string;
    readonly context: string;
    readonly tag: string;
    readonly args?: Readonly<Record<string, string>>;
  }): Promise<void> {
    const args = Object.entries(props.args ?? {}).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ]);
    const options = [
      '--network',
      'host',
      '--layers=false',
      ...args,
      '--tag',
      props.tag,
      '--file',
      props.dockerfile,
    ];
    await this.run(['bud', '--quiet', ...options, props.context]);
  }

  /**
   * Writes an image as an OCI archive. Compressed by zstd, it is imported two to three times as fast as gzipped
   * (which has to be unpacked) or plain (which has to be written to disk once more).
   */
  async save(tag: string, file: string): Promise<void> {
    await this.run(['push', '--quiet', ...COMPRESSION, tag, `oci-archive:${file}:${tag}`]);
  }

  /** Copies an image's files into a folder. @returns what `buildah inspect` says about it, as JSON */
  unpack(archive: string, directory: string): Promise<string> {
    // In one go: the mounted image is only there for the commands of one mount namespace.
    const script = `set -eu
archive=$1
directory=$2
shift 2
container=$("$@" from "oci-archive:$archive")
cp -a "$("$@" mount "$container")/." "$directory/"
"$@" inspect "$container"`;
    return this.#inMountNamespace([
      'sh',
      '-c',
      script,
      'sh',
      archive,
      directory,
      'buildah',
      ...this.#store(),
    ]);
  }

  #store(): string[] {
    return ['--root', join(this.#directory, 'store'), '--runroot', join(this.#directory, 'run')];
  }

  #inMountNamespace(command: readonly string[]): Promise<string> {
    return run('unshare', ['--mount', '--propagation', 'private', ...command], {
      environment: {
        ...process.env,
        STORAGE_DRIVER: process.env['STORAGE_DRIVER'] ?? 'overlay',
        BUILDAH_ISOLATION: 'chroot',
        TMPDIR: this.#directory,
      },
    });
  }
}
