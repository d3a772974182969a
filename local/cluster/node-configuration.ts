import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageName } from '../images/name';
import { POD_RANGE, SERVICE_DNS } from '../network/namespaces';
import type { ClusterContext } from './context';

/** Inside the node's own view of the file system, where nothing of the machine is. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
const CNI_CONFIGURATION = '/var/lib/cni/net.d';
/** Where Debian's containernetworking-plugins are. */
const CNI_PLUGINS = '/usr/lib/cni';

/** Writes the configuration of containerd, the network plugins, kubelet and kube-proxy. */
export function writeNodeConfiguration(context: ClusterContext): void {
  const write = (name: string, text: string): void =>
    writeFileSync(join(context.paths.configuration, name), text);
  write('containerd.toml', containerdConfiguration());
  write('kubelet.json', JSON.stringify(kubeletConfiguration(context), undefined, 2));
  write('proxy.json', JSON.stringify(proxyConfiguration(context), undefined, 2));
  const cni = join(context.paths.node, 'lib', 'cni', 'net.d');
  mkdirSync(cni, { recursive: true });
  writeFileSync(join(cni, '10-pods.conflist'), JSON.stringify(cniConfiguration(), undefined, 2));
}

function containerdConfiguration(): string {
  // The plugins that are switched off make folders on the machine or complain about file systems it has not.
  const disabled = [
    'internal.v1.opt',
    'snapshotter.v1.aufs',
    'snapshotter.v1.btrfs',
    'snapshotter.v1.devmapper',
    'snapshotter.v1.zfs',
  ];
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ${JSON.stringify(disabled.map((name) => `io.containerd.${name}`))}
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${imageName('pause')}"
  # Inside a virtual machine or container a lower score than one's own is not to be had.
  restrict_oom_score_adj = true
  # A profile would be loaded into the machine's kernel and stay there.
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${CNI_PLUGINS}"
    conf_dir = "${CNI_CONFIGURATION}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

/**
 * Every pod hangs on a cable of its own and all traffic between pods is routed.
 * A bridge would need the kernel's br_netfilter for replies of services on the same node.
 */
function cniConfiguration(): object {
  const ipam = { type: 'host-local', subnet: POD_RANGE, routes: [{ dst: '0.0.0.0/0' }] };
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      { type: 'ptp', ipMasq: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubeletConfiguration(context: ClusterContext): object {
  const pki = (name: string): string => join(context.paths.pki, name);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: pki('kubelet-server.crt'),
    tlsPrivateKeyFile: pki('kubelet-server.key'),
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: context.cgroups.root,
    failCgroupV1: false,
    oomScoreAdj: 0,
    failSwapOn: false,
    clusterDNS: [SERVICE_DNS],
    clusterDomain: 'cluster.local',
    // The machine's resolver is out of reach, and a name that fails at once is better than one that hangs.
    resolvConf: '',
    // The disk is shared with whatever else the machine does: only a full one is a reason to evict.
    evictionHard: {
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
      'memory.available': '50Mi',
    },
    // Images came from an archive and from nowhere else: they are never collected.
    imageGCHighThresholdPercent: 100,
    // How soon a changed Secret or a missing image is looked at again. The default, a minute, would be measured
    // as recovery time.
    syncFrequency: '10s',
    serializeImagePulls: false,
    // How soon a metric tells that a volume fills. The default is a minute.
    volumeStatsAggPeriod: '10s',
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  };
}

function proxyConfiguration(context: ClusterContext): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: join(context.paths.configuration, 'proxy.kubeconfig') },
    mode: 'iptables',
    clusterCIDR: POD_RANGE,
    // Connection tracking is the machine's, whose limits are not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: '0s', tcpEstablishedTimeout: '0s' },
    oomScoreAdj: 0,
  };
}
