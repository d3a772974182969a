import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from '../../bindings/packages';
import type { ReplicaBucket } from './replication';

export interface ReplicationRunbookProps {
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly replica: ReplicaBucket;
}

/** What to do when a bucket's replication fails, with its names in it. */
export function replicationRunbook({ account, bucket, region, replica }: ReplicationRunbookProps): string {
  const template = readFileSync(join(__dirname, 'runbooks', 'AwsBucketReplication.md'), 'utf8');
  return packages.handlebars.compile(template, { strict: true, noEscape: true })({
    account,
    bucket,
    region,
    replica,
  });
}
