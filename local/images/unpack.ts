import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cached } from '../cache/entry';
import type { Progress } from '../processes/progress';
import { imageArchive, withBuildah } from './build';
import type { ImageDefinition } from './catalogue';

export interface UnpackedImage {
  /** Folder with the image's files. Shared by all who use it: never write into it. */
  readonly rootfs: string;
  /** File with the image's configuration: Env, User, WorkingDir. */
  readonly config: string;
}

/** An image as a folder, for running its programs without a container engine. */
export async function unpackedImage(image: ImageDefinition, progress: Progress): Promise<UnpackedImage> {
  const archive = await imageArchive(image.name, progress);
  const directory = await cached({
    name: `rootfs-${image.name}`,
    inputs: { values: { archive: basename(dirname(archive)) } },
    onWait: progress,
    build: async (draft) => {
      progress(`unpacking image ${image.name}`);
      const rootfs = join(draft, 'rootfs');
      mkdirSync(rootfs);
      await withBuildah(draft, async (buildah) => {
        const inspected = JSON.parse(await buildah.unpack(archive, rootfs)) as { OCIv1: { config?: object } };
        writeFileSync(join(draft, 'config.json'), JSON.stringify(inspected.OCIv1.config ?? {}));
      });
    },
  });
  return { rootfs: join(directory, 'rootfs'), config: join(directory, 'config.json') };
}
