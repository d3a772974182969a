import { Certificate, CertificateIssuer } from '../../../constructs/certificates';
import { type EnvironmentStack, SecretRef } from '../../../constructs/core';
import { Checkout } from '../checkout';
import { FaultProxy } from '../faults/fault-proxy';
import { Layer } from '../layer';
import { LocalSite } from '../local-site';

export const NAMESPACE = '--namespace=local';
/** Where cert-manager is, with the secret `root` of the authority. */
export const OPERATOR = '--namespace=cert-manager';
export const HALVES = ['orders-tls-server', 'orders-tls-client'] as const;

/** A database whose certificates between sidecar and backup jobs cert-manager keeps. */
export class CertifiedSite {
  static async open(instance: string): Promise<CertifiedSite> {
    const checkout = await declaringIssuer();
    const issuers = new Layer('issuers', declareIssuers);
    const direct = await LocalSite.open(instance);
    let proxy: FaultProxy | undefined;
    try {
      proxy = await FaultProxy.start(instance);
      const variables = { VAULT_ENDPOINT: proxy.endpoint, TF_VAR_orders_app_password: 'of-the-application' };
      const site = direct.in(checkout.directory).with(variables);
      await site.install('cert-manager');
      await issuers.apply(site);
      await site.kubectl('wait', '--for=condition=Ready', '--timeout=100s', 'clusterissuer/databases');
      await site.initialised();
      await site.backedUp();
      return new CertifiedSite(site, proxy, checkout);
    } catch (error) {
      await proxy?.stop();
      await direct.close();
      checkout.remove();
      throw error;
    } finally {
      issuers.remove();
    }
  }

  private constructor(
    readonly site: LocalSite,
    readonly proxy: FaultProxy,
    private readonly checkout: Checkout,
  ) {}

  /** A field of each of these objects, by name. */
  async fields(kind: string, where: string, path: string): Promise<Record<string, string>> {
    const { items } = JSON.parse(await this.site.kubectl('get', kind, where, '--output=json'));
    const at = (object: unknown): unknown =>
      path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], object);
    return Object.fromEntries(
      (items as { metadata: { name: string } }[]).map((item) => [item.metadata.name, String(at(item))]),
    );
  }

  /** Which pod it is, and how often its containers were started again. */
  async life(): Promise<string> {
    const path = '{.metadata.uid} {.status.containerStatuses[*].restartCount}';
    return (await this.site.kubectl('get', 'pod', NAMESPACE, 'orders-0', `--output=jsonpath=${path}`)).trim();
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.site.close();
    this.checkout.remove();
  }
}

async function declaringIssuer(): Promise<Checkout> {
  const checkout = await Checkout.copy();
  checkout.change('environments/local.ts', (text) => {
    const place = 'backupSpread: Duration.ZERO,';
    expect(text).toContain(place);
    return text.replace(
      place,
      `${place}
      tls: { issuer: { name: 'databases', kind: 'ClusterIssuer' } },
      retention: { full: 9, differential: 99 },`,
    );
  });
  return checkout;
}

/** An authority of the platform's own, which cert-manager makes and keeps. */
function declareIssuers(stack: EnvironmentStack): void {
  const self = new CertificateIssuer(stack, 'self', { name: 'self', by: { selfSigned: true } });
  new Certificate(stack, 'authority', {
    name: 'root',
    namespace: 'cert-manager',
    issuer: self,
    commonName: 'Databases',
    isCa: true,
    recreatable: true,
  });
  const pair = (key: string) => SecretRef.existing({ name: 'root', key });
  new CertificateIssuer(stack, 'databases', {
    name: 'databases',
    by: { ca: { certificate: pair('tls.crt'), key: pair('tls.key'), recreatable: true } },
  });
}
