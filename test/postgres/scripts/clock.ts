import { copyFileSync, existsSync } from 'node:fs';
import type { Options } from './configuration';
import type { Lab } from './lab';

const ARCHITECTURE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** Debian's, which the tests' set-up installs; it runs in the image, whose C library is newer. */
export const FAKETIME = `/usr/lib/${ARCHITECTURE}-linux-gnu/faketime/libfaketime.so.1`;

export const canFakeTime = existsSync(FAKETIME);

/** The environment of a pod whose clock is off by that many minutes; no other clock is touched. */
export function clockOff(lab: Lab, minutes: number): Options {
  const library = lab.path('libfaketime.so.1');
  if (!existsSync(library)) copyFileSync(FAKETIME, library);
  return {
    LD_PRELOAD: library,
    FAKETIME: `${minutes < 0 ? '-' : '+'}${Math.abs(minutes)}m`,
    // How long something takes stays as it is.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DISABLE_SHM: '1',
  };
}
