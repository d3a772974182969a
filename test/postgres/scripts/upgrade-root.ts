/** Imported before everything else by the tests of major upgrades: they run in the image with two major versions. */
const root = process.env['TEST_UPGRADE_ROOT'];
if (root !== undefined) process.env['TEST_POSTGRES_ROOT'] = root;

export {};
