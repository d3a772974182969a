import { chmodSync, writeFileSync } from 'node:fs';
import type { Instance, Subject } from '../../clone/access';
import { Kubectl } from '../../deploy/kubectl';
import type { Lab } from '../postgres/scripts/lab';
import { asPodUser, tools } from '../postgres/scripts/tools';

export const LIVE: Instance = { name: 'live', pod: 'shop-0' };
export const CLONE: Instance = { name: 'look', pod: 'shop-clone-look' };

/** A kubectl whose `exec` runs in the lab: beside its server, or beside its clone's. */
export function podsOf(lab: Lab): Subject {
  const places: Record<string, readonly [pgdata: string, socket: string]> = {
    [LIVE.pod]: [lab.pgdata, lab.path('socket')],
    [CLONE.pod]: [lab.path('clone/pgdata'), lab.path('clone/socket')],
  };
  const branches = Object.entries(places).map(([pod, [pgdata, socket]]) => {
    const [program, args] = asPodUser([
      'env',
      `PATH=${lab.path('bin')}:${tools().bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
      'LANG=C.UTF-8',
      `PGDATA=${pgdata}`,
      `PGHOST=${socket}`,
      `PGPORT=${lab.port}`,
      'PGUSER=postgres',
    ]);
    return `*" ${pod} "*) run=(${[program, ...args].map(quoted).join(' ')}) ;;`;
  });
  const script = [
    '#!/bin/bash',
    'set -euo pipefail',
    `cd ${quoted(lab.dir)}`,
    `case " $* " in ${branches.join('\n')} *) echo "no such pod: $*" >&2; exit 1 ;; esac`,
    'while [[ $1 != -- ]]; do shift; done',
    'shift',
    'exec "${run[@]}" "$@"',
    '',
  ].join('\n');
  writeFileSync(lab.path('kubectl'), script);
  chmodSync(lab.path('kubectl'), 0o755);
  return { kubectl: new Kubectl({ binary: lab.path('kubectl') }), namespace: 'test', database: 'shop' };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
