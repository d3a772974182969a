import { readFileSync } from 'node:fs';
import type { Volume } from './volume';

const ENVIRONMENT = `
  export KOPIA_PASSWORD=raw KOPIA_CHECK_FOR_UPDATES=false HOME=/scratch
  export KOPIA_CONFIG_PATH=/scratch/repository.config KOPIA_CACHE_DIRECTORY=/scratch/cache KOPIA_LOG_DIR=/scratch/log
`;

/** Kopia with its defaults, by hand, with a repository of its own in the same vault. */
export class RawKopia {
  static async create(volume: Volume, site: Readonly<Record<string, string>>): Promise<RawKopia> {
    const endpoint = new URL(site['VAULT_ENDPOINT'] ?? '').host;
    await volume.run(`${ENVIRONMENT}
      cat >/scratch/ca.crt <<'CERTIFICATE'
${readFileSync(site['VAULT_CA_FILE'] ?? '', 'utf8').trim()}
CERTIFICATE
      export AWS_ACCESS_KEY_ID='${site['AWS_ACCESS_KEY_ID']}' AWS_SECRET_ACCESS_KEY='${site['AWS_SECRET_ACCESS_KEY']}'
      /programs/kopia repository create s3 --bucket=local-vault --prefix=raw/ --endpoint='${endpoint}' --region=us-east-1 \\
        --root-ca-pem-path=/scratch/ca.crt >&2 </dev/null`);
    return new RawKopia(volume);
  }

  private constructor(private readonly volume: Volume) {}

  /** Seconds. */
  async snapshot(): Promise<number> {
    const printed = await this.volume.run(`${ENVIRONMENT}
      began=$EPOCHREALTIME
      /programs/kopia snapshot create --no-progress /data >&2 </dev/null
      awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }'`);
    return Number(printed);
  }
}
