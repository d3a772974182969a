import type { Alerting } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import { Construct, specHash } from '../core';
import { type EnvironmentVariable, RESTRICTED_CONTAINER, restrictedPod } from '../workloads';
import { configVolume, type DatabaseContext, MOUNTS, temporary } from './context';
import {
  DEFAULT_REPOSITORY_INTERVAL,
  EXPORTER_UID,
  type ExportersProps,
  REPOSITORY_METRICS_PORT,
  scraping,
} from './exporters';
import { Monitor } from './monitor';
import { PATHS } from './paths';
import type { Repository } from './pgbackrest';
import { declareConfigMap } from './pgbackrest';
import { readerConf } from './pgbackrest-conf';

export interface RepositoryExporterProps {
  readonly context: DatabaseContext;
  readonly exporters: ExportersProps;
  readonly alerting: Alerting | undefined;
  readonly repositories: readonly Repository[];
}

/**
 * Exporters of the database's repositories, one container for each: a repository that does not answer, for which pgBackRest
 * waits a minute and more, keeps no word from coming out of another one. They live without the server.
 */
export class RepositoryExporter extends Construct {
  constructor(scope: Construct, id: string, props: RepositoryExporterProps) {
    super(scope, id);
    const { alerting, context, exporters } = props;
    const { namespace, secretsRevision } = context;
    const repositories = props.repositories.map((repository, index) => ({
      ...repository,
      port: REPOSITORY_METRICS_PORT + index,
      portName: `repo${repository.number}`,
    }));
    const name = `${context.name}-pgbackrest-exporter`;
    const labels = { ...context.labels, 'app.kubernetes.io/component': 'repository-exporter' };
    const metadata = { name, namespace, labels };
    const data = Object.fromEntries(
      repositories.map((repository) => [`${repository.portName}.conf`, readerConf(repository)]),
    );
    const config = declareConfigMap(this, 'pgbackrest-exporter', {
      name: context.name,
      namespace,
      labels,
      data,
    });
    const tmp = temporary('exporter');
    new kubernetes.DeploymentV1(this, 'deployment', {
      metadata,
      waitForRollout: false,
      spec: {
        replicas: '1',
        // Two would be two targets.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: {
            labels,
            annotations: {
              'cdktf-disaster-recovery/config': specHash(data),
              ...(secretsRevision === undefined
                ? {}
                : { 'cdktf-disaster-recovery/secrets-revision': secretsRevision }),
            },
          },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: restrictedPod(EXPORTER_UID),
            container: repositories.map(({ number, port, portName }) => ({
              name: portName,
              image: exporters.image ?? context.image,
              imagePullPolicy: context.imagePullPolicy,
              command: ['prometheus-pgbackrest-exporter'],
              args: [
                `--web.listen-address=:${port}`,
                `--backrest.config=${PATHS.pgbackrestConfig}/${portName}.conf`,
                `--backrest.stanza-include=${context.stanza}`,
                `--collect.interval=${(exporters.repositoryInterval ?? DEFAULT_REPOSITORY_INTERVAL).toSeconds()}`,
              ],
              env: keysOf(context, number),
              port: [{ name: portName, containerPort: port, protocol: 'TCP' }],
              volumeMount: [
                { name: 'config', mountPath: PATHS.pgbackrestConfig, readOnly: true },
                ...(context.configMaps.vaultCa === undefined ? [] : [MOUNTS.vaultCa]),
                tmp.mount,
              ],
              readinessProbe: { tcpSocket: [{ port: portName }], periodSeconds: 5 },
              resources: { requests: { cpu: '5m', memory: '32Mi' }, limits: { memory: '256Mi' } },
              securityContext: RESTRICTED_CONTAINER,
              terminationMessagePolicy: 'FallbackToLogsOnError',
            })),
            volume: [
              configVolume('config', config),
              ...(context.configMaps.vaultCa === undefined
                ? []
                : [configVolume(MOUNTS.vaultCa.name, context.configMaps.vaultCa)]),
              tmp.volume,
            ],
          },
        },
      },
    });
    new kubernetes.NetworkPolicyV1(this, 'network-policy', {
      metadata,
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ['Ingress'],
        ingress: [
          scraping(
            exporters,
            repositories.map(({ port }) => port),
          ),
        ],
      },
    });
    if (alerting === undefined) return;
    new Monitor(this, 'monitor', {
      alerting,
      context,
      job: 'pgbackrest',
      labels,
      // The age of the last backup, among others, does not say of which repository.
      ports: repositories.map(({ number, portName }) => ({
        name: portName,
        labels: { repo_key: String(number) },
      })),
    });
  }
}

/** Keys and passphrase of one repository, by which it is read. */
function keysOf({ readerEnvironment }: DatabaseContext, number: number): EnvironmentVariable[] {
  return readerEnvironment.filter(({ name }) => name.startsWith(`PGBACKREST_REPO${number}_`));
}
