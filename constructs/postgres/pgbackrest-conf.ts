import { storeOptions } from '../object-storage';
import { type DataLayout, PATHS, PGBACKREST_PORT, POSTGRES_PORT } from './paths';
import type { RepositoryProps } from './repository';

/** Options that pgBackRest's three parties share, already resolved. */
export interface PgBackRestSettings {
  readonly stanza: string;
  readonly layout: DataLayout;
  readonly repositories: readonly (Pick<RepositoryProps, 'vault' | 'retention'> & {
    readonly path: string;
    readonly number: number;
  })[];
  /** Path of the authorities by which sidecar and jobs know each other. */
  readonly authorities: string;
  /** Parallel processes of a backup or restore. */
  readonly processMax: number;
  /** zstd level. */
  readonly compressLevel: number;
}

type Section = readonly (readonly [option: string, value: string | number])[];

/** The server's own pod: pushes WAL, restores. It is where the data is, so there is no pg1-host. */
export function serverConf(settings: PgBackRestSettings): string {
  return render([
    [
      'global',
      [
        ...common(settings),
        ...repositories(settings),
        ['archive-async', 'y'],
        ['spool-path', settings.layout.spoolDirectory],
      ],
    ],
    // One that does not answer is tried for this long before each batch goes to the others: a minute by default.
    ...(several(settings) ? [['global:archive-push', [['io-timeout', 15]]] as const] : []),
    [settings.stanza, dataDirectory(settings.layout)],
  ]);
}

/**
 * The sidecar: it reads files and speaks to the server for a job that
 * authenticates by certificate. It has no repository and no key to one.
 */
export function sidecarConf(settings: PgBackRestSettings, clientName: string): string {
  return render([
    [
      'global',
      [
        ...logging(),
        ['tls-server-address', '*'],
        ['tls-server-port', PGBACKREST_PORT],
        ['tls-server-auth', `${clientName}=${settings.stanza}`],
        ['tls-server-ca-file', settings.authorities],
        ['tls-server-cert-file', `${PATHS.tls}/server.crt`],
        ['tls-server-key-file', `${PATHS.tls}/server.key`],
      ],
    ],
    [settings.stanza, dataDirectory(settings.layout)],
  ]);
}

/**
 * A backup job: it holds the repository's keys and no data, and reaches the server through the sidecar. Of several
 * servers pgBackRest takes the one that is a primary.
 */
export function jobConf(settings: PgBackRestSettings, serverHosts: readonly string[]): string {
  return render([
    [
      'global',
      [
        ...common(settings),
        ...repositories(settings),
        ['start-fast', 'y'],
        // The WAL of a backup arrives in one repository though the archiver still waits for another.
        ...(several(settings) ? [['archive-timeout', 300] as const] : []),
      ],
    ],
    [
      settings.stanza,
      serverHosts.flatMap((host, index) => {
        const pg = `pg${index + 1}`;
        return [
          [`${pg}-host`, host],
          [`${pg}-host-type`, 'tls'],
          [`${pg}-host-port`, PGBACKREST_PORT],
          [`${pg}-host-ca-file`, settings.authorities],
          [`${pg}-host-cert-file`, `${PATHS.tls}/client.crt`],
          [`${pg}-host-key-file`, `${PATHS.tls}/client.key`],
          ...dataDirectory(settings.layout, pg),
        ] as const;
      }),
    ],
  ]);
}

/**
 * Whoever only asks about one repository. What an exporter prints for people would be in the way of the JSON; and a store
 * that does not answer is given up after a minute and a half, not ten.
 */
export function readerConf(repository: PgBackRestSettings['repositories'][number]): string {
  return render([
    [
      'global',
      [
        ['log-level-console', 'off'],
        ['log-level-file', 'off'],
        ['log-level-stderr', 'warn'],
        ['lock-path', '/tmp/pgbackrest'],
        ['io-timeout', 10],
        ...repositories({ repositories: [repository] }),
      ],
    ],
  ]);
}

const several = ({ repositories: all }: PgBackRestSettings): boolean => all.length > 1;

/** Warnings on the console: a final error misleads, the warning before it tells the cause. */
function logging(): Section {
  return [
    ['log-level-console', 'warn'],
    ['log-level-file', 'off'],
    ['log-level-stderr', 'off'],
    ['lock-path', '/tmp/pgbackrest'],
  ];
}

function common(settings: PgBackRestSettings): Section {
  return [
    ...logging(),
    ['process-max', settings.processMax],
    ['compress-type', 'zst'],
    ['compress-level', settings.compressLevel],
  ];
}

function dataDirectory(layout: DataLayout, pg = 'pg1'): Section {
  return [
    [`${pg}-path`, layout.dataDirectory],
    [`${pg}-port`, POSTGRES_PORT],
    [`${pg}-socket-path`, layout.socketVolume.mountPath],
  ];
}

/**
 * `repo-retention-archive` stays unset on purpose: with it pgBackRest may expire
 * WAL that a kept backup needs for a point in time.
 */
function repositories(settings: Pick<PgBackRestSettings, 'repositories'>): Section {
  return settings.repositories.flatMap((repository) => {
    const repo = `repo${repository.number}`;
    const options = storeOptions(repository.vault, {
      number: repository.number,
      path: repository.path,
      caFile: `${PATHS.vaultCa}/${repo}.crt`,
    });
    options.push(
      [`${repo}-cipher-type`, 'aes-256-cbc'],
      [`${repo}-bundle`, 'y'],
      [`${repo}-retention-full`, repository.retention.full],
    );
    if (repository.retention.differential !== undefined) {
      options.push([`${repo}-retention-diff`, repository.retention.differential]);
    }
    return options;
  });
}

function render(sections: readonly (readonly [string, Section])[]): string {
  return sections
    .map(([name, options]) => `[${name}]\n${options.map(([key, value]) => `${key}=${value}\n`).join('')}`)
    .join('\n');
}
