import { kubernetes } from '../bindings/kubernetes';
import { Construct, literal, runtimeVariable, SecretRef, secretVariable, Token } from '../core';
import { Secrets } from '../workloads';
import { isOwnKey, limits, NODE_AGENT_CONFIG, REPOSITORY_KEY } from './installation';
import { CREDENTIALS } from './location';
import type { VeleroSettings } from './settings';

const LABELS = { 'app.kubernetes.io/name': 'velero', 'app.kubernetes.io/component': 'settings' };

/**
 * What has to be there before Velero runs: its repository key (without one it makes a key that everybody knows), its
 * credentials, limits of its node agents, and the namespace for all of that where the chart would make it. Where others
 * install it, its pods have to wait for the Secret `velero-repo-credentials`, or be installed after it.
 */
export class VeleroPrerequisites extends Construct {
  constructor(scope: Construct, id: string, settings: VeleroSettings) {
    super(scope, id);
    const { installation, namespace = 'velero', nodeAgent, repositoryKey } = settings;
    if (installation.by === 'chart')
      new kubernetes.NamespaceV1(this, 'namespace', {
        lifecycle: { preventDestroy: true },
        // The node agent mounts the folders of all pods.
        metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
      });
    // What is no reference is a fault of the construct that has the location.
    if (SecretRef.is(repositoryKey) && !isOwnKey(repositoryKey))
      new Secrets(this, 'repository-key', {
        name: REPOSITORY_KEY.name,
        namespace,
        labels: LABELS,
        entries: { [REPOSITORY_KEY.key]: repositoryKey },
      });
    this.declareCredentials(settings, namespace);
    const limited = limits(nodeAgent);
    if (limited !== undefined)
      new kubernetes.ConfigMapV1(this, 'node-agent', {
        metadata: { name: NODE_AGENT_CONFIG, namespace, labels: LABELS },
        data: { 'node-agent-config.json': literal(JSON.stringify(limited)) },
      });
  }

  private declareCredentials({ credentials }: VeleroSettings, namespace: string): void {
    const entry = credentialsFile(this, credentials);
    if (entry === undefined) return;
    const revision = runtimeVariable(this, 'secrets_revision', {
      description:
        'raise it by one when a secret given by a variable has changed: Terraform cannot see that by itself',
      fallback: '1',
    });
    new kubernetes.SecretV1(this, 'credentials', {
      metadata: { name: CREDENTIALS.name, namespace, labels: { ...LABELS } },
      dataWo: { [CREDENTIALS.key]: entry },
      dataWoRevision: Token.asNumber(revision.value),
    });
  }
}

/** The file that the plugin reads; `undefined` where it is in a Secret already, or a role takes its place. */
function credentialsFile(scope: Construct, credentials: VeleroSettings['credentials']): string | undefined {
  const variable = (reference: SecretRef): string | undefined =>
    SecretRef.is(reference) && reference.kind === 'variable'
      ? secretVariable(scope, reference.name, reference.description).stringValue
      : undefined;
  if ('roleArn' in credentials) return undefined;
  if ('file' in credentials) return variable(credentials.file);
  const [id, secret] = [variable(credentials.accessKey), variable(credentials.secretKey)];
  if (id === undefined || secret === undefined) return undefined;
  return `[default]\naws_access_key_id=${id}\naws_secret_access_key=${secret}\n`;
}
