import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from './identity';

export interface ProcessRecord extends ProcessIdentity {
  readonly name: string;
  readonly log: string;
}

/** One file per process, so that two starts never overwrite each other. */
export class ProcessRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  add(record: ProcessRecord): void {
    mkdirSync(this.#directory, { recursive: true });
    const path = this.#path(record.name);
    writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
    renameSync(`${path}.new`, path);
  }

  find(name: string): ProcessRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(name), 'utf8')) as ProcessRecord;
    } catch {
      return undefined;
    }
  }

  remove(name: string): void {
    rmSync(this.#path(name), { force: true });
  }

  all(): ProcessRecord[] {
    let files: string[];
    try {
      files = readdirSync(this.#directory);
    } catch {
      return [];
    }
    return files
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => this.find(file.slice(0, -'.json'.length)) ?? []);
  }

  alive(): ProcessRecord[] {
    return this.all().filter(isAlive);
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.json`);
  }
}
