import { imageName } from '../../images/name';
import { SERVICE_DNS } from '../../network/namespaces';

export interface DnsProps {
  /** Names outside the cluster, by address. */
  readonly hosts: Readonly<Record<string, string>>;
}

const labels = { 'k8s-app': 'kube-dns' };
const metadata = { name: 'coredns', namespace: 'kube-system' };

/** Cluster DNS: services, the named hosts, and a plain no to everything else, since nothing else is reachable. */
export function dns(props: DnsProps): object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [
        {
          apiGroups: [''],
          resources: ['endpoints', 'services', 'pods', 'namespaces'],
          verbs: ['list', 'watch'],
        },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile(props.hosts) } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: {
        clusterIP: SERVICE_DNS,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        ],
      },
    },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec() },
  ];
}

export function corefile(hosts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(hosts).map(([name, address]) => `    ${address} ${name}`);
  return `cluster.local in-addr.arpa ip6.arpa {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
}
test {
  errors
  hosts {
${lines.join('\n')}
    ttl 30
  }
}
. {
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}

function deploymentSpec(): object {
  return {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'coredns',
        priorityClassName: 'system-cluster-critical',
        dnsPolicy: 'Default',
        containers: [
          {
            name: 'coredns',
            image: imageName('coredns'),
            imagePullPolicy: 'IfNotPresent',
            args: ['-conf', '/etc/coredns/Corefile'],
            ports: [
              { containerPort: 53, protocol: 'UDP' },
              { containerPort: 53, protocol: 'TCP' },
            ],
            readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
            },
            volumeMounts: [{ name: 'configuration', mountPath: '/etc/coredns', readOnly: true }],
          },
        ],
        volumes: [{ name: 'configuration', configMap: { name: 'coredns' } }],
      },
    },
  };
}
