import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = `#!/usr/bin/env node
const { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const folder = __dirname;
const args = process.argv.slice(2);
appendFileSync(folder + '/calls', args.join(' ') + '\\n');
const option = (name) => (args.find((arg) => arg.startsWith('--' + name + '=')) ?? '').split('=')[1];
const file = (namespace, name) => folder + '/secrets/' + namespace + '.' + name + '.json';
const [verb, kind, name] = args;
if (verb === 'create') {
  const { metadata, data } = JSON.parse(readFileSync(0, 'utf8'));
  const path = file(metadata.namespace, metadata.name);
  if (existsSync(path)) { console.error('Error: AlreadyExists'); process.exit(1); }
  writeFileSync(path, JSON.stringify({ metadata, data }));
} else if (verb === 'get' && kind === 'secret') {
  const path = file(option('namespace'), name);
  if (existsSync(path)) console.log(readFileSync(path, 'utf8'));
} else if (verb === 'get' && kind === 'secrets') {
  const mine = readdirSync(folder + '/secrets').filter((one) => one.startsWith(option('namespace') + '.'));
  console.log(JSON.stringify({ items: mine.map((one) => JSON.parse(readFileSync(folder + '/secrets/' + one))) }));
} else if (verb === 'exec') {
  if (readFileSync(0, 'utf8') !== readFileSync(folder + '/passphrase', 'utf8')) {
    console.error('ERROR repository 1 was not opened — FIX: set it\\ncommand terminated with exit code 78');
    process.exit(78);
  }
} else process.exit(9);
`;

/** A kubectl with Secrets and a repository behind it, that remembers how it was called. */
export class FakeKubectl {
  private readonly folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  readonly program = join(this.folder, 'kubectl');

  constructor(passphrase: string) {
    mkdirSync(join(this.folder, 'secrets'));
    writeFileSync(join(this.folder, 'passphrase'), passphrase);
    writeFileSync(this.program, PROGRAM, { mode: 0o755 });
  }

  secret(namespace: string, name: string, values: Readonly<Record<string, string>>): void {
    const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    writeFileSync(
      join(this.folder, 'secrets', `${namespace}.${name}.json`),
      JSON.stringify({ metadata: { namespace, name }, data: Object.fromEntries(data) }),
    );
  }

  lose(namespace: string, name: string): void {
    rmSync(join(this.folder, 'secrets', `${namespace}.${name}.json`));
  }

  /** Its command lines, which every user of the machine can read. */
  get calls(): string {
    const file = join(this.folder, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
