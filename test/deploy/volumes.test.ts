import type { ObjectStore } from '../../constructs/object-storage/client';
import type { Kubectl } from '../../deploy/kubectl';
import { recordVolumes, tellOfFormerVolumes } from '../../deploy/volumes';

const objects = new Map<string, string>();
const store: ObjectStore = {
  read: async (key) => objects.get(key),
  write: async (key, body) => void objects.set(key, String(body)),
  writeNew: async (key, body) => !objects.has(key) && objects.set(key, body) && true,
  keys: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
};

/** A cluster with these objects, by kind. */
const cluster = (kinds: Readonly<Record<string, unknown>>) =>
  ({ find: async (kind: string) => kinds[kind] }) as unknown as Kubectl;
const forbidden = {
  find: async () => {
    throw new Error('Error from server (Forbidden): persistentvolumes is forbidden');
  },
} as unknown as Kubectl;

let said: string[];
const options = (kubectl: Kubectl) => ({
  kubectl,
  namespace: 'shop',
  environment: 'shop',
  databases: [{ name: 'orders' }],
  store,
  progress: (line: string) => void said.push(line),
});
beforeEach(() => {
  said = [];
  objects.clear();
});

const CSI = { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' };
const FULL = cluster({
  pvc: { spec: { volumeName: 'pv-1' } },
  pv: { spec: { csi: CSI, storageClassName: 'gp3' } },
});

test('a volume is recorded once, and told of in a cluster that has none', async () => {
  await recordVolumes(options(FULL));
  await recordVolumes(options(FULL));
  expect(objects.size).toBe(1);
  await tellOfFormerVolumes(options(FULL));
  expect(said).toEqual([]);
  await tellOfFormerVolumes(options(cluster({})));
  expect(said).toEqual([
    expect.stringMatching(/^orders: its volume was .*"vol-1".* of class gp3; .*existingVolume/),
  ]);
});

test('who may not look at volumes deploys all the same, and is told', async () => {
  await recordVolumes(options(forbidden));
  expect(said).toEqual([expect.stringMatching(/^WARNING .*could not be recorded: .*forbidden/)]);
});
