/** The Debian release all images are made of. */
export const SUITE = 'trixie';

const UNUSED = ['man', 'doc', 'locale', 'info'].map(
  (folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`,
);

/** Arguments of mmdebstrap that decide what the base image holds. */
export const BASE_RECIPE: readonly string[] = [
  '--variant=minbase',
  '--include=ca-certificates',
  ...UNUSED,
  // Licences stay: they are the one part of the documentation that has to travel along.
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
];
