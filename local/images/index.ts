export { buildImages, imageArchive } from './build';
export { IMAGES, type ImageName } from './catalogue';
export { imageName } from './name';
