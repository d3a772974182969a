export { buildImages, imageArchive } from './build';
export { IMAGES, type ImageName } from './catalogue';
export { imageName } from './name';
export { type ImageMount, type RunInImageProps, runInImage } from './run-in-image';
