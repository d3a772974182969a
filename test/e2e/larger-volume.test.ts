import { Checkout } from './checkout';
import { type Deployed, LocalSite } from './local-site';

/**
 * More storage is declared, on a real cluster. Its class lets no volume grow; told that it does, it takes the claim,
 * which is all that a driver needs, though none is there to make the file system larger.
 */
let site: LocalSite;
let checkout: Checkout;

async function deployWith(storage: number): Promise<Deployed> {
  checkout.change('environments/local.ts', (text) => {
    const place = 'storage: Size.gibibytes(10)';
    expect(text).toContain(place);
    return text.replace(place, `storage: Size.gibibytes(${storage})`);
  });
  return site.in(checkout.directory).deploy();
}

const get = (kind: string, name: string, path: string) =>
  site.kubectl('get', kind, name, '--namespace=local', `--output=jsonpath={${path}}`);
const set = (path: string) => get('statefulset', 'orders', path);
const pod = () => get('pod', 'orders-0', '.metadata.uid');
const claim = () => get('pvc', 'data-orders-0', '.spec.resources.requests.storage');
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

beforeAll(async () => {
  checkout = await Checkout.copy();
  site = await LocalSite.open('volume');
  await site.initialised();
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  checkout?.remove();
}, 120_000);

test('what the storage class cannot do, and less than there is, is refused; nothing is touched', async () => {
  const before = `${await pod()} ${await set('.metadata.uid')}`;
  const more = await deployWith(20);
  expect(more.exitCode).toBe(2);
  expect(lastLine(more.output)).toMatch(/^ERROR .*declared as 20Gi.*does not let volumes grow — FIX: /);
  const less = await deployWith(5);
  expect(less.exitCode).toBe(2);
  expect(lastLine(less.output)).toMatch(/^ERROR .*declared as 5Gi.*cannot shrink — FIX: /);
  expect(`${await pod()} ${await set('.metadata.uid')}`).toBe(before);
  expect(await claim()).toBe('10Gi');
});

test('the claim grows, and the StatefulSet is made anew around the pod, which runs on', async () => {
  const [before, old] = [await pod(), await set('.metadata.uid')];
  const name = await get('pvc', 'data-orders-0', '.spec.storageClassName');
  await site.kubectl('patch', 'storageclass', name, '--patch={"allowVolumeExpansion":true}');
  const { exitCode, output } = await deployWith(20);
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(await claim()).toBe('20Gi');
  expect(await set('.spec.volumeClaimTemplates[0].spec.resources.requests.storage')).toBe('20Gi');
  expect(await set('.metadata.uid')).not.toBe(old);
  expect(await pod()).toBe(before);
  expect(await get('pod', 'orders-0', '.metadata.ownerReferences[0].uid')).toBe(await set('.metadata.uid'));
  const again = await deployWith(20);
  expect(again.exitCode === 0 ? '' : again.output).toBe('');
  expect(await pod()).toBe(before);
});
