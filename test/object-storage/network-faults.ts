/**
 * Meets one fault of the network after the other and prints what each said, as JSON. A program of
 * its own: inside jest the errors of Node's own modules belong to another realm, where the S3 client
 * does not know them as errors and loses their codes.
 */
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSilentServer } from 'node:net';
import { prepareVault } from '../../constructs/object-storage/client';
import { FakeS3 } from './fake-s3';
import { vaultAt } from './stores';

async function whatItSays(endpoint: string, caPem: string): Promise<string> {
  const keys = { accessKeyId: 'key', secretAccessKey: 'secret' };
  return prepareVault(vaultAt(endpoint, caPem, { bucket: 'acme-vault' }), { keys }).then(
    () => 'it succeeded',
    (error: unknown) => String(error),
  );
}

async function main(): Promise<void> {
  const store = await FakeS3.start();
  const gone = await FakeS3.start();
  const nowhere = gone.endpoint;
  await gone.stop();
  const plain = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const dropping = createSilentServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => dropping.listen(0, '127.0.0.1', resolve));
  const at = (server: { address(): AddressInfo | string | null }): string =>
    `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const said = {
    nothingListens: await whatItSays(nowhere, gone.caPem),
    unknownHost: await whatItSays('https://vault.invalid', gone.caPem),
    untrusted: await whatItSays(store.endpoint, gone.caPem),
    otherName: await whatItSays(store.endpoint.replace('127.0.0.1', 'localhost'), store.caPem),
    noTls: await whatItSays(at(plain), store.caPem),
    dropped: await whatItSays(at(dropping), store.caPem),
    works: await whatItSays(store.endpoint, store.caPem),
  };
  await store.stop();
  plain.close();
  dropping.close();
  console.log(JSON.stringify(said));
}

void main();
