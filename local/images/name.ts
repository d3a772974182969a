import { cacheKey } from '../cache/key';
import { BASE_RECIPE } from './base-recipe';
import { type ImageName, imageDefinition, imageSources } from './catalogue';

const names = new Map<string, string>();

/**
 * The full name under which an image is built, imported and used in pods, e.g.
 * `docker.io/local/postgres:17-1f0c5a9be2d4`. The tag follows the sources, so
 * a changed Dockerfile is a changed pod. Pull policy: IfNotPresent or Never.
 */
export function imageName(name: ImageName): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const image = imageDefinition(name);
  const values = { ...(image.onDebian ? { base: BASE_RECIPE.join('\n') } : {}), ...image.args };
  const hash = cacheKey({ values, paths: imageSources(image) }).slice(0, 12);
  const full = `docker.io/local/${name}:${image.version}-${hash}`;
  names.set(name, full);
  return full;
}
