import { createHmac } from 'node:crypto';
import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Vault } from '../../vault';
import { codesOf } from '../problem';
import { openClient, S3Store, type StoreKeys } from '../store';
import { allow, type BucketPolicy, withdraw } from './bucket-policy';
import type { Grant, Minter } from './minter';
import { VersitygwAdmin } from './versitygw-admin';

/**
 * Keys in versitygw: a user of role `user`, who may do what the bucket's policy says and nothing else.
 *
 * A secret is stored nowhere but in the store. It is derived from the administrator's own and the key's name, so
 * that a user who was deleted comes back as the one whom running pods know. As long as the user exists, the store's
 * word counts: an administrator who changes his key, or another one, gets the pair that is in use, and nothing has
 * to be restarted. After a leak of the administrator's key the pairs derived from it are known, too: delete their
 * users, and deploy with the new key and a raised `TF_VAR_secrets_revision`.
 *
 * A revoked key ends at once: its user is gone, and so are its statements, which other gateways on the same data
 * read at each request (they may know the user for two more minutes).
 */
export class VersitygwMinter implements Minter {
  private readonly client: S3Client;
  private readonly store: S3Store;
  private readonly admin: VersitygwAdmin;

  constructor(
    vault: Vault,
    private readonly keys: StoreKeys,
  ) {
    this.client = openClient(vault, keys);
    this.store = new S3Store(vault, this.client, vault.bucket);
    this.admin = new VersitygwAdmin(vault, this.client);
  }

  async mint(grant: Grant): Promise<StoreKeys> {
    const secretAccessKey = await this.secretOf(grant.name);
    await this.changePolicy((policy) => allow(policy, this.store.bucket, grant));
    return { accessKeyId: grant.name, secretAccessKey };
  }

  async revoke(names: readonly string[]): Promise<string[]> {
    const users = await this.admin.users();
    const there = names.filter((name) => users.has(name));
    for (const name of there) await this.admin.delete(name);
    // Of all of them: a user may have been deleted by hand, and no policy is taken that names one who is gone.
    await this.changePolicy((policy) => withdraw(policy, names));
    return there;
  }

  close(): void {
    this.client.destroy();
  }

  private async secretOf(name: string): Promise<string> {
    const known = (await this.admin.users()).get(name);
    if (known !== undefined) return known;
    const { secretAccessKey } = this.keys;
    const secret = createHmac('sha256', secretAccessKey).update(`vault key ${name}`).digest('base64url');
    if (await this.admin.create(name, secret)) return secret;
    // Another deploy of this incarnation was faster.
    return (await this.admin.users()).get(name) ?? secret;
  }

  /** A store has no conditional write of a policy: of two changes at once one may be lost, until the next deploy. */
  private async changePolicy(change: (policy: BucketPolicy) => BucketPolicy): Promise<void> {
    const { bucket, target } = this.store;
    const before = await this.policy();
    const after = change(before ?? { Version: '2012-10-17', Statement: [] });
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    if (after.Statement.length === 0 && before === undefined) return;
    await this.store.attempt(`change the policy of the bucket ${bucket}`, async () => {
      if (after.Statement.length === 0) await this.client.send(new DeleteBucketPolicyCommand(target));
      else await this.client.send(new PutBucketPolicyCommand({ ...target, Policy: JSON.stringify(after) }));
    });
  }

  private async policy(): Promise<BucketPolicy | undefined> {
    const { bucket, target } = this.store;
    try {
      const { Policy } = await this.client.send(new GetBucketPolicyCommand(target));
      return Policy === undefined ? undefined : (JSON.parse(Policy) as BucketPolicy);
    } catch (error) {
      if (codesOf(error).includes('NoSuchBucketPolicy')) return undefined;
      throw this.store.explain(error, `read the policy of the bucket ${bucket}`);
    }
  }
}
