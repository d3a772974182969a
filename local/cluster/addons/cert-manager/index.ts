import type { ImageName } from '../../../images/catalogue';
import { imageName } from '../../../images/name';
import type { Progress } from '../../../processes/progress';
import { type Addon, READY_TIMEOUT } from '../addon';
import { definitions as monitoringDefinitions } from '../monitoring/definitions';
import { resources, restrictedNamespace } from '../objects';
import { type ChartObject, chart } from './chart';

const NAMESPACE = 'cert-manager';

/** Where the chart's values want an image. */
function image(name: ImageName): object {
  const [, repository = '', tag = ''] = /^(.*):([^:]+)$/.exec(imageName(name)) ?? [];
  return { repository, tag, pullPolicy: 'IfNotPresent' };
}

function component(name: ImageName): object {
  return {
    image: image(name),
    resources: resources('10m', '64Mi', '256Mi'),
    containerSecurityContext: { readOnlyRootFilesystem: true },
  };
}

const values = () => ({
  ...component('cert-manager-controller'),
  webhook: {
    ...component('cert-manager-webhook'),
    readinessProbe: { initialDelaySeconds: 1, periodSeconds: 1 },
  },
  cainjector: component('cert-manager-cainjector'),
  // Its leases lie where it is, so that it has no rights in kube-system.
  global: { leaderElection: { namespace: NAMESPACE } },
  installCRDs: true,
  startupapicheck: { enabled: false },
  // As the chart has it, only more often: metrics keep cert-manager's namespace, and the certificate's is
  // `exported_namespace`.
  prometheus: { servicemonitor: { enabled: true, interval: '10s', scrapeTimeout: '10s' } },
});

const isDefinition = ({ kind }: ChartObject): boolean => kind === 'CustomResourceDefinition';

const objects = (progress: Progress): Promise<readonly ChartObject[]> =>
  chart({ namespace: NAMESPACE, values: values() }, progress);

/** Its ServiceMonitor is applied whether the monitoring comes sooner, later or not at all. */
async function serviceMonitor(progress: Progress): Promise<readonly object[]> {
  const all = (await monitoringDefinitions(progress)) as readonly { readonly metadata: { name: string } }[];
  return all.filter(({ metadata }) => metadata.name === 'servicemonitors.monitoring.coreos.com');
}

const issuer = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  metadata: { name: 'accepted', namespace: NAMESPACE },
  spec: { selfSigned: {} },
};

/** cert-manager by its own chart: controller, webhook and CA injector. */
export const certManager: Addon = {
  images: ['cert-manager-controller', 'cert-manager-webhook', 'cert-manager-cainjector'],
  definitions: async (progress) => [
    ...(await objects(progress)).filter(isDefinition),
    ...(await serviceMonitor(progress)),
  ],
  stages: async (progress) => [
    {
      objects: [
        restrictedNamespace(NAMESPACE),
        ...(await objects(progress)).filter((object) => !isDefinition(object)),
      ],
      ready: ['cert-manager', 'cert-manager-webhook', 'cert-manager-cainjector'].map((name) => [
        'rollout',
        'status',
        `deployment/${name}`,
        `--namespace=${NAMESPACE}`,
        READY_TIMEOUT,
      ]),
      accepted: [issuer],
    },
  ],
};
