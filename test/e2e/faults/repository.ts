import { readFileSync } from 'node:fs';
import { Vault } from '../../../constructs/object-storage';
import { openStore, type S3Store, type StoreKeys } from '../../../constructs/object-storage/client';
import { LocalSite } from '../local-site';

/** Where it is in the vault's bucket. */
export const REPOSITORY = 'local/orders/';

/** A database with a table `kept`, and its repository as those see it who do harm. */
export class Repository {
  static async open(instance: string): Promise<Repository> {
    const site = await LocalSite.open(instance);
    try {
      await site.initialised();
      await site.sql('create table kept (id bigint generated always as identity primary key)');
      await site.backedUp();
    } catch (error) {
      await site.close();
      throw error;
    }
    return new Repository(site);
  }

  private rows = 0;

  private constructor(readonly site: LocalSite) {}

  /** With the deployer's keys, which no cluster has. */
  deployersStore(): S3Store {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } =
      this.site.variables();
    return this.storeWith({ accessKeyId, secretAccessKey });
  }

  async clustersStore(): Promise<S3Store> {
    const secret = ['get', 'secret', '--namespace=local', 'orders-repository-keys'];
    const value = async (name: string): Promise<string> => {
      const data = await this.site.kubectl(...secret, `--output=jsonpath={.data.${name}}`);
      return Buffer.from(data, 'base64').toString();
    };
    return this.storeWith({
      accessKeyId: await value('PGBACKREST_REPO1_S3_KEY'),
      secretAccessKey: await value('PGBACKREST_REPO1_S3_KEY_SECRET'),
    });
  }

  /** A row that is in the archive. */
  async write(): Promise<void> {
    await this.site.sql('insert into kept default values');
    this.rows += 1;
    await this.site.archived();
  }

  /** A full backup. */
  async backUp(name: string): Promise<void> {
    const job = ['--namespace=local', name];
    await this.site.kubectl('create', 'job', ...job, '--from=cronjob/orders-backup-full');
    const complete = ['--for=condition=complete', '--timeout=110s'];
    await this.site.kubectl('wait', '--namespace=local', ...complete, `job/${name}`);
  }

  /** A deploy brings every row back. @returns what the recovery said */
  async recovered(): Promise<string> {
    await this.site.deployed();
    expect((await this.site.sql('select count(*) from kept')).trim()).toBe(String(this.rows));
    return this.site.kubectl('logs', '--namespace=local', 'orders-0', '--container=prepare');
  }

  private storeWith(keys: StoreKeys): S3Store {
    const { VAULT_ADDRESS = '', VAULT_CA_FILE = '', VAULT_ENDPOINT = '' } = this.site.variables();
    process.env['VAULT_ADDRESS'] = VAULT_ADDRESS;
    const caPem = readFileSync(VAULT_CA_FILE, 'utf8');
    return openStore(Vault.s3Compatible({ endpoint: VAULT_ENDPOINT, bucket: 'local-vault', caPem }), {
      keys,
    });
  }
}
