import { join } from 'node:path';

/** Names the folder of the unpacked postgres image; written before the tests, read by their setup. */
export const POSTGRES_ROOT_FILE = join(__dirname, '../node_modules/.cache/disaster-recovery/postgres-root');
