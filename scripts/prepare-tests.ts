import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { binary } from '../local/binaries/build';
import { imageDefinition } from '../local/images/catalogue';
import { unpackedImage } from '../local/images/unpack';
import { ensurePackages, ensurePrerequisites } from '../local/prerequisites';
import { timedProgress } from '../local/processes/progress';
import { RCLONE } from '../test/object-storage/mirror/program';
import { FAKETIME } from '../test/postgres/scripts/clock';
import { POSTGRES_ROOT_FILE, UPGRADE_ROOT_FILE } from '../test/postgres-root';
import { PUSHGATEWAY } from '../test/pushgateway/program';

/**
 * What `npm test` needs beyond Node: shellcheck, age, jq, libfaketime, rclone and a Pushgateway, the postgres images as folders, in which the pod
 * scripts run, a real S3 server, promtool and amtool. They need root on a Debian machine; elsewhere those tests run on the
 * machine's own PostgreSQL, or are skipped and counted as such.
 */
async function prepareTests(): Promise<void> {
  const progress = timedProgress();
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    progress(
      'not root on Debian: pod scripts are tested on this machine’s PostgreSQL and pgBackRest, or skipped',
    );
    return;
  }
  await ensurePackages(
    {
      shellcheck: '/usr/bin/shellcheck',
      age: '/usr/bin/age',
      jq: '/usr/bin/jq',
      libfaketime: FAKETIME,
      'prometheus-pushgateway': PUSHGATEWAY,
      rclone: RCLONE,
    },
    progress,
  );
  await ensurePrerequisites(progress);
  await binary('versitygw', progress);
  await binary('promtool', progress);
  await binary('amtool', progress);
  mkdirSync(dirname(POSTGRES_ROOT_FILE), { recursive: true });
  const images = {
    postgres: POSTGRES_ROOT_FILE,
    'postgres-upgrade': UPGRADE_ROOT_FILE,
  };
  for (const [name, file] of Object.entries(images)) {
    const { rootfs } = await unpackedImage(imageDefinition(name), progress);
    writeFileSync(file, rootfs);
  }
}

void prepareTests();
