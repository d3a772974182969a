import { LocalSite } from '../local-site';
import { FaultProxy } from './fault-proxy';

/** A database with a table `kept`, backed up into a vault that can be made to misbehave. */
export class FaultyVault {
  static async open(instance: string): Promise<FaultyVault> {
    const direct = await LocalSite.open(instance);
    let proxy: FaultProxy | undefined;
    try {
      proxy = await FaultProxy.start(instance);
      const site = direct.with({ VAULT_ENDPOINT: proxy.endpoint });
      await site.initialised();
      await site.sql('create table kept (id bigint generated always as identity primary key)');
      await site.backedUp();
      return new FaultyVault(site, proxy);
    } catch (error) {
      await proxy?.stop();
      await direct.close();
      throw error;
    }
  }

  private rows = 0;

  private constructor(
    readonly site: LocalSite,
    readonly proxy: FaultProxy,
  ) {}

  async write(): Promise<void> {
    await this.site.sql('insert into kept default values');
    this.rows += 1;
  }

  /** A row is written, and is in the vault when everything else is lost. */
  async writeAndLose(): Promise<void> {
    await this.write();
    await this.site.archived();
    await this.site.lose();
  }

  async recovered(): Promise<void> {
    await this.site.deployed();
    await this.complete();
  }

  /** Every row that was written is there. */
  async complete(): Promise<void> {
    expect((await this.site.sql('select count(*) from kept')).trim()).toBe(String(this.rows));
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.site.close();
  }
}

export const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';
