import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CertificateAuthority,
  type CertificateProps,
  createKeyPair,
  type KeyPairPem,
} from '../certificates/authority';
import { SERVICE_API } from '../network/namespaces';
import { apiUrl, type ClusterContext, NODE_NAME } from './context';

/** Makes all certificates and kubeconfigs of a new cluster. Each life of the cluster has its own. */
export async function createCredentials(context: ClusterContext): Promise<void> {
  const { pki, configuration, kubeconfig } = context.paths;
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  mkdirSync(configuration, { recursive: true, mode: 0o700 });
  const [ca, frontProxy, tokens] = await Promise.all([
    CertificateAuthority.create(`dr-${context.instance}`),
    CertificateAuthority.create(`dr-${context.instance} front proxy`),
    createKeyPair(),
  ]);
  const put = (name: string, text: string): void => writeFileSync(join(pki, name), text, { mode: 0o600 });
  const certificate = async (name: string, authority: CertificateAuthority, props: CertificateProps) => {
    const pair = await authority.issue(props);
    put(`${name}.crt`, pair.certificate);
    put(`${name}.key`, pair.key);
    return pair;
  };
  const config = async (path: string, props: CertificateProps): Promise<void> => {
    const pair = await ca.issue(props);
    writeFileSync(path, kubeconfigText(context, ca.pem, pair), { mode: 0o600 });
  };
  const client = (name: string, commonName: string, organization?: string): Promise<void> =>
    config(join(configuration, `${name}.kubeconfig`), {
      commonName,
      ...(organization === undefined ? {} : { organization }),
    });

  put('ca.crt', ca.pem);
  put('ca.key', await ca.keyPem());
  put('front-proxy-ca.crt', frontProxy.pem);
  put('service-accounts.key', tokens.privateKey);
  put('service-accounts.pub', tokens.publicKey);
  await Promise.all([
    certificate('apiserver', ca, {
      commonName: 'kube-apiserver',
      dnsNames: [
        'localhost',
        ...['', '.default', '.default.svc', '.default.svc.cluster.local'].map((end) => `kubernetes${end}`),
      ],
      addresses: [context.addresses.node, SERVICE_API, '127.0.0.1'],
    }),
    certificate('kubelet-server', ca, {
      commonName: NODE_NAME,
      dnsNames: [NODE_NAME],
      addresses: [context.addresses.node],
    }),
    certificate('kubelet-client', ca, {
      commonName: 'kube-apiserver-kubelet-client',
      organization: 'system:masters',
    }),
    certificate('front-proxy-client', frontProxy, { commonName: 'front-proxy-client' }),
    certificate('admin', ca, { commonName: 'admin', organization: 'system:masters' }),
    config(kubeconfig, { commonName: 'admin', organization: 'system:masters' }),
    client('controller-manager', 'system:kube-controller-manager'),
    client('scheduler', 'system:kube-scheduler'),
    client('proxy', 'system:kube-proxy'),
    client('kubelet', `system:node:${NODE_NAME}`, 'system:nodes'),
  ]);
}

/** JSON, which is YAML: nothing has to be quoted by hand. */
function kubeconfigText(context: ClusterContext, ca: string, pair: KeyPairPem): string {
  const name = `dr-${context.instance}`;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: apiUrl(context), 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name,
        user: { 'client-certificate-data': base64(pair.certificate), 'client-key-data': base64(pair.key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
