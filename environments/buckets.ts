import { readFileSync } from 'node:fs';
import { Duration, SecretRef } from '../constructs/core';
import { Bucket } from '../constructs/object-storage';
import { type Environment, setting } from './environment';

/**
 * The bucket into which users upload, by `UPLOADS_ENDPOINT`; empty: none. `UPLOADS_BUCKET`, `UPLOADS_REGION` and
 * `UPLOADS_CA_FILE` say more. Its mirror reads it by `TF_VAR_uploads_reader_…` and is brought back by
 * `TF_VAR_uploads_writer_…`.
 */
export function bucketsFromSettings(name: string): Pick<Environment, 'buckets' | 'pushgateway'> {
  const [endpoint, pushgateway] = [setting('UPLOADS_ENDPOINT', ''), setting('PUSHGATEWAY_URL', '')];
  const push = pushgateway === '' ? {} : { pushgateway };
  if (endpoint === '') return push;
  const file = setting('UPLOADS_CA_FILE', '');
  return {
    ...push,
    buckets: [
      {
        name: 'uploads',
        bucket: Bucket.s3Compatible({
          endpoint,
          name: setting('UPLOADS_BUCKET', `${name}-uploads`),
          region: setting('UPLOADS_REGION', 'us-east-1'),
          ...(file === '' ? {} : { caPem: readFileSync(file, 'utf8') }),
        }),
        criticality: 'critical',
        objectives: { rpo: Duration.hours(26) },
        degradedMode: {
          impact: 'what users have uploaded cannot be opened',
          workaround: 'new uploads work as soon as the bucket is there; the rest comes back behind them',
        },
        mirror: { sourceKeys: keys('reader', 'reads'), restoreKeys: keys('writer', 'writes to') },
      },
    ],
  };
}

function keys(who: string, does: string) {
  const ref = (part: string) =>
    SecretRef.variable(`uploads_${who}_${part}_key`, {
      description: `${part} key that ${does} the bucket of uploads`,
    });
  return { accessKey: ref('access'), secretKey: ref('secret') };
}
