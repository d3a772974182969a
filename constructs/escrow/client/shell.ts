import { bytesOf, type EscrowContent, type Secret } from './content';

type Variable = Extract<Secret, { readonly variable: string }>;
type Existing = Extract<Secret, { readonly secret: unknown }>;

/** Lines for a shell to source: `export TF_VAR_…='…'`. */
export function exportLines({ secrets }: Pick<EscrowContent, 'secrets'>): string[] {
  return secrets
    .filter((secret): secret is Variable => 'variable' in secret)
    .map((secret) => `export ${secret.variable}=${quote(bytesOf(secret).toString())}`);
}

/** The existing Secrets as manifests for `kubectl apply -f -`: one for each, with the keys that are in the escrow. */
export function secretManifests({ secrets }: Pick<EscrowContent, 'secrets'>): object {
  const items = new Map<
    string,
    { metadata: { namespace: string; name: string }; data: Record<string, string> }
  >();
  for (const one of secrets.filter((secret): secret is Existing => 'secret' in secret)) {
    const { key, name, namespace } = one.secret;
    const item = items.get(`${namespace}/${name}`) ?? { metadata: { namespace, name }, data: {} };
    item.data[key] = bytesOf(one).toString('base64');
    items.set(`${namespace}/${name}`, item);
  }
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [...items.values()].map((item) => ({ apiVersion: 'v1', kind: 'Secret', ...item })),
  };
}

/** In single quotes nothing means anything, newlines included. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
