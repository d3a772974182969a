import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { binary, binaryDirectory } from '../binaries/build';
import { cached } from '../cache/entry';
import type { CacheInputs } from '../cache/key';
import type { Progress } from '../processes/progress';
import { run } from '../processes/run';
import { BASE_RECIPE, SUITE } from './base-recipe';
import { Buildah } from './buildah';
import {
  dockerfileFolder,
  IMAGES_DIRECTORY,
  type ImageDefinition,
  imageDefinition,
  USUAL_IMAGES,
} from './catalogue';
import { debianSources } from './mirrors';
import { imageName } from './name';

const BASE_NAME = `localhost/debian:${SUITE}`;
const ARCHIVE = 'image.tar';
/** Part of every key: archives of an earlier format are built anew. */
const ARCHIVE_FORMAT = 'oci-zstd';

/** Builds the archives of all images that are not built yet. */
export async function buildImages(progress: Progress): Promise<void> {
  for (const image of USUAL_IMAGES) await imageArchive(image.name, progress);
}

/** The path of an image's OCI archive. */
export async function imageArchive(name: string, progress: Progress): Promise<string> {
  const image = imageDefinition(name);
  const directory = await cached({
    name: `image-${image.name}`,
    inputs: await inputs(image),
    onWait: progress,
    build: (draft) => build(image, draft, progress),
  });
  return join(directory, ARCHIVE);
}

async function inputs(image: ImageDefinition): Promise<CacheInputs> {
  const source = image.binary === undefined ? '' : basename(await binaryDirectory(image.binary));
  return { values: { format: ARCHIVE_FORMAT, name: imageName(image.name), binary: source } };
}

async function build(image: ImageDefinition, directory: string, progress: Progress): Promise<void> {
  const base = image.onDebian ? await baseArchive(progress) : undefined;
  const context =
    image.binary === undefined ? dockerfileFolder(image) : join(await binary(image.binary, progress), '..');
  progress(`building image ${image.name}${image.onDebian ? ', about 20 seconds' : ''}`);
  await withBuildah(directory, async (buildah) => {
    const tag = imageName(image.name);
    const dockerfile = join(dockerfileFolder(image), 'Dockerfile');
    const args = { ...image.args, ...(base === undefined ? {} : { BASE: `oci-archive:${base}` }) };
    await buildah.build({ dockerfile, context, tag, args });
    await buildah.save(tag, join(directory, ARCHIVE));
  });
}

/** Debian, made from packages alone: no image registry is needed anywhere. */
function baseArchive(progress: Progress): Promise<string> {
  return cached({
    name: 'image-base',
    inputs: {
      values: { format: ARCHIVE_FORMAT, recipe: BASE_RECIPE.join('\n'), suite: SUITE },
      paths: [join(IMAGES_DIRECTORY, 'base')],
    },
    onWait: progress,
    build: async (directory) => {
      progress(`making the root file system of Debian ${SUITE} for the images, about 40 seconds`);
      const rootfs = join(directory, 'rootfs.tar');
      const sources = await debianSources();
      await run('mmdebstrap', ['--quiet', ...BASE_RECIPE, SUITE, rootfs, ...sources], {
        environment: { ...process.env, TMPDIR: directory },
      });
      await withBuildah(directory, async (buildah) => {
        const dockerfile = join(IMAGES_DIRECTORY, 'base', 'Dockerfile');
        await buildah.build({ dockerfile, context: directory, tag: BASE_NAME });
        await buildah.save(BASE_NAME, join(directory, ARCHIVE));
      });
      rmSync(rootfs);
    },
  }).then((directory) => join(directory, ARCHIVE));
}

/** A builder whose store is gone when the work is done. */
export async function withBuildah(
  directory: string,
  use: (buildah: Buildah) => Promise<void>,
): Promise<void> {
  const scratch = join(directory, 'buildah');
  mkdirSync(scratch);
  await use(new Buildah(scratch));
  rmSync(scratch, { recursive: true, force: true });
}
