import { join } from 'node:path';

const CACHE = join(__dirname, '../node_modules/.cache/disaster-recovery');

/** Names the folder of the unpacked postgres image; written before the tests, read by their setup. */
export const POSTGRES_ROOT_FILE = join(CACHE, 'postgres-root');

/** The same of the image with two major versions. */
export const UPGRADE_ROOT_FILE = join(CACHE, 'upgrade-root');
