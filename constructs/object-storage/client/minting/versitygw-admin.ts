import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Vault } from '../../vault';
import { codesOf, explain, StoreProblem } from '../problem';

/**
 * versitygw's users, by its admin API: PATCH requests at the endpoint of the store, signed as S3 requests are,
 * with XML that names users `Account` and answers with every one of them, secrets included.
 */
export class VersitygwAdmin {
  /** @param client of an administrator */
  constructor(
    private readonly vault: Vault,
    private readonly client: S3Client,
  ) {}

  /** Secret of each user, by access key. */
  async users(): Promise<ReadonlyMap<string, string>> {
    const xml = await this.request('list the users', '/list-users');
    const accounts = [...xml.matchAll(/<Accounts>(.*?)<\/Accounts>/gs)].map(([, account = '']) => account);
    return new Map(accounts.map((account) => [textOf(account, 'Access'), textOf(account, 'Secret')]));
  }

  /** A user without any rights but those that a bucket's policy gives it. False when there is one of this name. */
  async create(name: string, secret: string): Promise<boolean> {
    const body = `<Account><Access>${name}</Access><Secret>${secret}</Secret><Role>user</Role></Account>`;
    try {
      await this.request(`make the user ${name}`, '/create-user', { body });
      return true;
    } catch (error) {
      if (error instanceof StoreProblem && error.codes.includes('XAdminUserExists')) return false;
      throw error;
    }
  }

  /** Nothing happens when there is none. */
  async delete(name: string): Promise<void> {
    await this.request(`delete the user ${name}`, '/delete-user', { query: { access: name } });
  }

  /** Any of these may be repeated, so what passes (a store under load, a connection that broke) is waited for. */
  private async request(
    doing: string,
    path: string,
    { query = {}, body = '' }: Content = {},
  ): Promise<string> {
    const { endpoint, region } = this.vault.store;
    const attempts = await this.client.config.maxAttempts();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.send(path, { query, body });
      } catch (error) {
        if (attempt >= attempts || !codesOf(error).some((code) => PASSING.test(code)))
          throw explain(error, { endpoint, region, bucket: this.vault.bucket, doing });
        await sleep(Math.min(100 * 2 ** attempt, 5_000));
      }
    }
  }

  private async send(path: string, { query, body }: Required<Content>): Promise<string> {
    const { endpoint } = this.vault.store;
    const { config } = this.client;
    const { protocol, hostname, host, port } = new URL(endpoint);
    const at = { protocol, hostname, ...(port === '' ? {} : { port: Number(port) }) };
    const signer = await config.signer();
    const request = await signer.sign({ method: 'PATCH', ...at, path, query, headers: { host }, body });
    // The handler takes what a signer returns; their types come from two packages.
    const { response } = await config.requestHandler.handle(request as never);
    const text = config.utf8Encoder(await config.streamCollector(response.body));
    if (response.statusCode < 300) return text;
    throw refusal(response.statusCode, textOf(text, 'Code'), endpoint);
  }
}

interface Content {
  readonly query?: Record<string, string>;
  readonly body?: string;
}

const PASSING = /^(429|500|502|503|504|ECONNRESET|EPIPE|ETIMEDOUT|TimeoutError)$/;

function refusal(status: number, code: string, endpoint: string): Error {
  if (status < 500 ? code === 'MethodNotAllowed' || code === '' : code === 'NotImplemented')
    return new StoreProblem(
      `${endpoint} has no admin API of versitygw (it answers ${[status, code].join(' ').trim()})`,
      'serve it at the same endpoint (without --admin-port), or drop mints of the vault if the store is another one',
    );
  return Object.assign(new Error(code), { name: code, $metadata: { httpStatusCode: status } });
}

/** No value that is asked for holds a character that XML escapes. */
function textOf(xml: string, element: string): string {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? '';
}
