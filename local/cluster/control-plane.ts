import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICE_RANGE } from '../network/namespaces';
import { ApiReader } from './api';
import { API_PORT, type ClusterContext, startOnNode } from './context';

const ETCD = 'http://127.0.0.1:2379';

/** etcd and the API server; resolves when /readyz answers. */
export async function startApi(context: ClusterContext): Promise<void> {
  const data = join(context.paths.node, 'lib', 'etcd');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await startOnNode(context, {
    name: 'etcd',
    command: 'etcd',
    args: [
      `--data-dir=${data}`,
      `--listen-client-urls=${ETCD}`,
      `--advertise-client-urls=${ETCD}`,
      '--listen-peer-urls=http://127.0.0.1:2380',
      '--initial-advertise-peer-urls=http://127.0.0.1:2380',
      '--initial-cluster=default=http://127.0.0.1:2380',
      // This cluster is there to be lost: it need not survive a power cut.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    // Debian's etcd asks for this on processors that its makers do not test.
    environment: process.arch === 'arm64' ? { ETCD_UNSUPPORTED_ARCH: 'arm64' } : {},
  });
  const api = new ApiReader(context);
  const pki = (name: string): string => join(context.paths.pki, name);
  await startOnNode(context, {
    name: 'kube-apiserver',
    command: join(context.programs, 'kube-apiserver'),
    args: [
      `--advertise-address=${context.addresses.node}`,
      `--secure-port=${API_PORT}`,
      `--etcd-servers=${ETCD}`,
      `--service-cluster-ip-range=${SERVICE_RANGE}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      '--enable-aggregator-routing=true',
      // Without this, logs and exec go to the node's name, which no DNS knows.
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-certificate-authority=${pki('ca.crt')}`,
      `--kubelet-client-certificate=${pki('kubelet-client.crt')}`,
      `--kubelet-client-key=${pki('kubelet-client.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${pki('service-accounts.pub')}`,
      `--service-account-signing-key-file=${pki('service-accounts.key')}`,
      `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
      `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
    ],
    ready: () => api.ready(),
    readyTimeoutMs: 120_000,
  });
}

/** The controllers and the scheduler. They are not waited for: nothing is ready before they are. */
export async function startControllers(context: ClusterContext): Promise<void> {
  const config = (name: string): string => join(context.paths.configuration, `${name}.kubeconfig`);
  const pki = (name: string): string => join(context.paths.pki, name);
  await startOnNode(context, {
    name: 'kube-controller-manager',
    command: join(context.programs, 'kube-controller-manager'),
    args: [
      `--kubeconfig=${config('controller-manager')}`,
      `--authentication-kubeconfig=${config('controller-manager')}`,
      `--authorization-kubeconfig=${config('controller-manager')}`,
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${pki('service-accounts.key')}`,
      `--root-ca-file=${pki('ca.crt')}`,
      `--cluster-signing-cert-file=${pki('ca.crt')}`,
      `--cluster-signing-key-file=${pki('ca.key')}`,
    ],
  });
  await startOnNode(context, {
    name: 'kube-scheduler',
    command: join(context.programs, 'kube-scheduler'),
    args: [
      `--kubeconfig=${config('scheduler')}`,
      `--authentication-kubeconfig=${config('scheduler')}`,
      `--authorization-kubeconfig=${config('scheduler')}`,
      '--leader-elect=false',
    ],
  });
}
