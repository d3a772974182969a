import { Checkout } from '../checkout';
import { FaultProxy } from '../faults/fault-proxy';
import { eventually, LocalSite } from '../local-site';

const FIRST = '{ ...VAULT_KEYS, vault }';
const SECOND = `{ ...VAULT_KEYS, vault, number: 2, folder: 'second', passphrase: SecretRef.variable('repository_passphrase_2', { description: 'of the second repository' }) }`;
const PASSPHRASE = 'a-passphrase-of-its-own-for-the-second';

interface Info {
  readonly status: { readonly code: number };
  readonly backup: readonly { readonly label: string; readonly type: string }[];
  readonly archive: readonly { readonly max: string }[];
}

/**
 * A database that moves to another repository, which is also how it gets a new passphrase: first both, then the second alone.
 * It has a backup in the first one and a thousand rows in `kept`.
 */
export class RepositorySite {
  static async open(instance: string): Promise<RepositorySite> {
    const checkout = await Checkout.copy();
    const direct = await LocalSite.open(instance);
    let proxy: FaultProxy | undefined;
    try {
      proxy = await FaultProxy.start(instance);
      const site = direct.with({
        VAULT_ENDPOINT: proxy.endpoint,
        TF_VAR_repository_passphrase_2: PASSPHRASE,
      });
      await site.initialised();
      await site.backedUp();
      await site.sql('create table kept as select n from generate_series(1, 1000) n');
      await site.archived();
      return new RepositorySite(site, checkout, proxy);
    } catch (error) {
      await proxy?.stop();
      await direct.close();
      checkout.remove();
      throw error;
    }
  }

  private constructor(
    readonly site: LocalSite,
    readonly checkout: Checkout,
    private readonly proxy: FaultProxy,
  ) {}

  /** Until the second one has its stanza and a full backup. */
  async deployWithBoth(): Promise<void> {
    await this.deployWith([FIRST, SECOND]);
    await eventually('the second repository has a full backup', 110, async () => {
      const { backup, status } = await this.info(2);
      return status.code === 0 && backup.some(({ type }) => type === 'full');
    });
  }

  deployWithSecond(): Promise<void> {
    return this.deployWith([SECOND]);
  }

  /** From now on the first one cannot be reached, by anybody. */
  async cutFirst(): Promise<void> {
    await this.proxy.set(
      { path: '/local/orders', do: 'reset' },
      { path: 'prefix=local%2Forders', do: 'reset' },
      { path: 'prefix=local/orders', do: 'reset' },
    );
  }

  inPod(...command: readonly string[]): Promise<string> {
    return this.site.kubectl(
      'exec',
      '--namespace=local',
      'orders-0',
      '--container=postgres',
      '--',
      ...command,
    );
  }

  async info(repo: 1 | 2): Promise<Info> {
    const [stanza] = JSON.parse(
      await this.inPod('pgbackrest', '--stanza=orders', `--repo=${repo}`, '--output=json', 'info'),
    ) as [Info];
    return stanza;
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.site.close();
    this.checkout.remove();
  }

  /** Deploys a checkout whose declaration has these repositories. */
  private async deployWith(repositories: readonly string[]): Promise<void> {
    this.checkout.change('environments/local.ts', (text) => {
      const vault = /^ {2}vault: (Vault\.s3Compatible\([\s\S]*?\n {2}\}\)),$/m.exec(text)?.[1] ?? '';
      const declared = text
        .replace(`vault: ${vault},`, 'vault,')
        .replace('import { Duration,', 'import { Duration, SecretRef,')
        .replace('export const local', `const vault = ${vault};\nexport const local`)
        .replace('repositoryKeys: VAULT_KEYS,', `$&\n  repositories: [${repositories.join(', ')}],`);
      expect(declared).toMatch(
        /SecretRef,[\s\S]*const vault = Vault[\s\S]* {2}vault,[\s\S]* {2}repositories: /,
      );
      return declared;
    });
    await this.site.in(this.checkout.directory).deployed();
  }
}
