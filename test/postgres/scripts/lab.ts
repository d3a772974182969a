import { execFileSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../free-port';
import { configurationFiles, type Options } from './configuration';
import { podsDirectory } from './pods-directory';
import { Background, canConnect, eventually, type Result, run } from './processes';
import { writeScripts } from './scripts-folder';
import { tools } from './tools';

/** Between two questions that each start a process. */
const PAUSE_MS = 100;
const OWNED = ['volume', 'socket', 'deploy', 'tls', 'roles', 'conf.d', 'attic', 'tmp'];

/** The pod of the contract on this machine: the same folders, below one of its own. */
export class Lab {
  /** @param parent of its folders. @default - where it is fast */
  static async create(parent = podsDirectory()): Promise<Lab> {
    return new Lab(mkdtempSync(join(parent, 'pod-')), await freePort(), await freePort());
  }

  readonly stanza = 'main';
  /** `repo<n>-…` options of every container with repository access. */
  repositories: Options[];
  /** Environment of those containers: keys and passphrases. */
  secrets: Options = { PGBACKREST_REPO1_CIPHER_PASS: 'one', PGBACKREST_REPO2_CIPHER_PASS: 'two' };
  private server: Background | undefined;
  private readonly background: Background[] = [];
  private logs = 0;

  private constructor(
    readonly dir: string,
    readonly port: number,
    readonly tlsPort: number,
  ) {
    for (const name of [...OWNED, 'etc', 'scripts']) mkdirSync(this.path(name));
    writeScripts(this.path('scripts'));
    this.repositories = [this.posixRepository(1)];
    this.configure();
    this.own();
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  get pgdata(): string {
    return this.path('volume/pgdata');
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  write(path: string, text: string, mode = 0o600): void {
    writeFileSync(this.path(path), text, { mode });
    chownSync(this.path(path), tools().uid, tools().gid);
  }

  /** The file that tells a deploy's wish. */
  deploy(wishes: { initialize?: boolean; recover?: object | string; rebuild?: string }): void {
    rmSync(this.path('deploy'), { recursive: true });
    mkdirSync(this.path('deploy'));
    if (wishes.initialize === true) this.write('deploy/initialize', 'true\n');
    if (wishes.rebuild !== undefined)
      this.write(`deploy/rebuild-${this.secrets['POD_NAME']}`, wishes.rebuild);
    if (typeof wishes.recover === 'string') this.write('deploy/recover.json', wishes.recover);
    else if (wishes.recover !== undefined) this.write('deploy/recover.json', JSON.stringify(wishes.recover));
    this.own();
  }

  posixRepository(key: number): Options {
    return {
      path: this.path(`repo${key}`),
      'cipher-type': 'aes-256-cbc',
      bundle: 'y',
      'retention-full': '2',
    };
  }

  configure(): void {
    for (const [name, text] of Object.entries(configurationFiles(this))) this.write(name, text);
  }

  get paths(): Options {
    const { major, bin } = tools();
    return {
      PG_MAJOR: major,
      PG_BIN: bin,
      PGDATA: this.pgdata,
      STANZA: this.stanza,
      DATABASE_NAME: 'shop',
      STATE_DIR: this.path('volume/recovery'),
      SPOOL_DIR: this.path('volume/spool'),
      SOCKET_DIR: this.path('socket'),
      SERVER_CONFIG_DIR: this.path('etc'),
      DEPLOY_DIR: this.path('deploy'),
      TLS_DIR: this.path('tls'),
      ROLES_DIR: this.path('roles'),
      SCRIPTS_DIR: this.path('scripts'),
      TERMINATION_LOG: this.path('termination-log'),
      TMPDIR: this.path('tmp'),
      PG_PORT: String(this.port),
      PGBACKREST_CONFIG: this.path('pod.conf'),
      PGBACKREST_CONFIG_INCLUDE_PATH: this.path('conf.d'),
    };
  }

  /** Environment of the containers that reach the repository. */
  get podEnvironment(): Options {
    return { ...this.paths, ...this.secrets };
  }

  get jobEnvironment(): Options {
    return {
      ...this.podEnvironment,
      PGBACKREST_CONFIG: this.path('job.conf'),
      RETRY_SECONDS: '1',
      POLL_SECONDS: '0.2',
    };
  }

  script(name: string, args: readonly string[] = [], env: Options = {}, timeoutMs = 90_000): Promise<Result> {
    return this.run([this.path('scripts', name), ...args], { ...this.podEnvironment, ...env }, timeoutMs);
  }

  prepare(env: Options = {}): Promise<Result> {
    return this.script('prepare.sh', [], env);
  }

  job(name: string, args: readonly string[] = [], env: Options = {}): Promise<Result> {
    return this.run([this.path('scripts', name), ...args], { ...this.jobEnvironment, ...env });
  }

  run(
    command: readonly string[],
    env: Options = this.podEnvironment,
    timeoutMs = 90_000,
    input = '',
  ): Promise<Result> {
    return run(command, { cwd: this.dir, env, timeoutMs, input });
  }

  /**
   * pgBackRest beside the postgres container; fails the test when it fails.
   * Its locks are its own, as a job's are: with the server's, a stanza-create
   * keeps the archiver's background process from its lock, and the archiver
   * then waits for it for a minute.
   */
  async pgbackrest(...args: string[]): Promise<string> {
    const env = { ...this.podEnvironment, PGBACKREST_LOCK_PATH: this.path('lock-job') };
    const result = await this.run(['pgbackrest', `--stanza=${this.stanza}`, ...args], env);
    if (result.status !== 0)
      throw new Error(`pgbackrest ${args.join(' ')}: ${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  spawn(name: string, env: Options, args: readonly string[] = []): Background {
    this.logs += 1;
    const log = this.path('tmp', `${name}-${this.logs}.log`);
    const started = Background.inPod([this.path('scripts', name), ...args], { cwd: this.dir, env }, log);
    this.background.push(started);
    return started;
  }

  /** Certificates for the sidecar and the jobs, as tls.sh makes them. */
  async makeCertificates(props: { names?: string; client?: string; keepCa?: boolean } = {}): Promise<void> {
    const make = [
      'set -euo pipefail; source scripts/lib.sh; source scripts/certificates.sh',
      'make_certificates "$PWD/tmp/new" "$PWD/$3" "$1" "$2" 90',
      'cp tmp/new/{ca,server,client}.crt tmp/new/{server,client}.key tls/',
    ].join('\n');
    const old = props.keepCa === false ? 'nothing' : 'tls';
    const command = ['bash', '-c', make, 'test', props.names ?? 'localhost', props.client ?? 'job', old];
    const result = await this.run(command, this.paths);
    if (result.status !== 0) throw new Error(result.stderr);
  }

  /** The sidecar; returns when it listens. */
  async startSidecar(env: Options = {}): Promise<Background> {
    const sidecar = this.spawn('server.sh', {
      ...this.paths,
      PGBACKREST_CONFIG: this.path('server.conf'),
      TLS_POLL_SECONDS: '0.3',
      TLS_SETTLE_SECONDS: '0.2',
      POLL_SECONDS: '0.2',
      ...env,
    });
    await eventually('the sidecar listens', async () => !sidecar.running || (await canConnect(this.tlsPort)));
    return sidecar;
  }

  /** What the server that was started last has said. */
  get serverLog(): string {
    return this.server?.log ?? '';
  }

  /** Runs start.sh; returns when it accepts connections as a primary, or has ended. */
  async startServer(env: Options = {}): Promise<Background> {
    const server = this.spawn('start.sh', { ...this.podEnvironment, ...env });
    this.server = server;
    await eventually(
      'the server is a primary',
      async () => !server.running || (await this.isPrimary()),
      40_000,
      PAUSE_MS,
    );
    return server;
  }

  /** Runs start.sh on a standby's data; returns when it can be read, or has ended. */
  async startStandby(env: Options = {}): Promise<Background> {
    const server = this.spawn('start.sh', { ...this.podEnvironment, ...env });
    this.server = server;
    await eventually(
      'the server can be read',
      async () => !server.running || (await this.query('select')).status === 0,
      40_000,
      PAUSE_MS,
    );
    return server;
  }

  async isPrimary(): Promise<boolean> {
    const result = await this.query('select not pg_is_in_recovery()');
    return result.stdout.trim() === 't';
  }

  query(sql: string, database = 'postgres'): Promise<Result> {
    const { bin } = tools();
    const target = ['-h', this.path('socket'), '-p', String(this.port), '-U', 'postgres'];
    return this.run(
      [`${bin}/psql`, '-XqAt', '-v', 'ON_ERROR_STOP=1', ...target, '-f', '-'],
      // As -d, a name with = in it would be read as a connection string.
      { ...this.paths, PGDATABASE: database },
      20_000,
      sql,
    );
  }

  async sql(sql: string, database = 'postgres'): Promise<string> {
    const result = await this.query(sql, database);
    if (result.status !== 0) throw new Error(`${sql}: ${result.stderr}`);
    return result.stdout.trim();
  }

  /** A disaster: no shutdown, no last WAL. */
  async crash(): Promise<void> {
    this.server?.kill();
    await this.server?.exit();
    await this.postmasterGone();
  }

  async stopServer(): Promise<void> {
    this.server?.signal('SIGINT');
    await this.server?.exit();
  }

  /** Makes sure that everything up to now is in the repository. */
  async archiveAll(): Promise<void> {
    const segment = await this.sql(
      "select pg_walfile_name(pg_create_restore_point('test')); select pg_switch_wal()",
    );
    const name = segment.split('\n')[0] ?? '';
    await eventually(
      `${name} is archived`,
      async () => (await this.sql('select last_archived_wal from pg_stat_archiver')) >= name,
      60_000,
      PAUSE_MS,
    );
  }

  /** Puts the volume away (by name, for `attachVolume`) and gives the pod an empty one. */
  replaceVolume(keepAs?: string): void {
    rmSync(this.path('socket'), { recursive: true, force: true });
    mkdirSync(this.path('socket'));
    if (keepAs === undefined) rmSync(this.path('volume'), { recursive: true, force: true });
    else renameSync(this.path('volume'), this.path('attic', keepAs));
    mkdirSync(this.path('volume'));
    this.own();
  }

  attachVolume(name: string): void {
    rmSync(this.path('volume'), { recursive: true, force: true });
    cpSync(this.path('attic', name), this.path('volume'), { recursive: true, preserveTimestamps: true });
    this.own(this.path('volume'), true);
  }

  /** Returns when pgBackRest no longer writes into the spool, as it does in the background after an archive-get has answered. */
  async settled(): Promise<void> {
    const name = this.dir.split('/').at(-1) ?? this.dir;
    await eventually('pgBackRest has fetched ahead', () => !somethingIsCalled(['archive-get:async', name]));
  }

  async dispose(): Promise<void> {
    for (const process of this.background) process.kill();
    for (const process of this.background) await process.exit();
    await this.postmasterGone();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** Gives what the test made to the pod's user. */
  own(path = this.dir, deep = false): void {
    const { uid, gid } = tools();
    chownSync(path, uid, gid);
    for (const name of OWNED) {
      if (existsSync(this.path(name))) chownSync(this.path(name), uid, gid);
    }
    if (deep) execFileSync('chown', ['-R', `${uid}:${gid}`, path]);
  }

  /** A killed postmaster's children follow it within moments. */
  private async postmasterGone(): Promise<void> {
    if (!existsSync(join(this.pgdata, 'postmaster.pid'))) return;
    await eventually('the server is gone', () => !somethingRunsIn(this.pgdata));
  }
}

/** All processes of a server work in its data directory; their root may be another one than ours. */
function somethingRunsIn(directory: string): boolean {
  const end = directory.split('/').slice(-3).join('/');
  return someProcess((folder) => readlinkSync(`${folder}/cwd`).endsWith(end));
}

/** Whether a process has all of these in its command line. */
function somethingIsCalled(parts: readonly string[]): boolean {
  return someProcess((folder) => {
    const command = readFileSync(`${folder}/cmdline`, 'utf8');
    return parts.every((part) => command.includes(part));
  });
}

/** Whether a process is as asked; `is` looks into its folder below /proc. */
function someProcess(is: (folder: string) => boolean): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return is(`/proc/${name}`);
    } catch {
      // It ended, or is somebody else's.
      return false;
    }
  });
}
