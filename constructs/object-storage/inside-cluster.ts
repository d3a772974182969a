/**
 * Whether a host is a name that only a cluster resolves, or the pod itself: a Service under any of
 * its names, or loopback. Copies behind such a name die with the cluster they are to bring back.
 *
 * `<service>.<namespace>` alone looks like any name of two parts and an address of a Service like any
 * address, so these are not told apart from outside ones.
 */
export function isInsideCluster(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (/^(localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0)$/.test(name)) return true;
  if (/^\[|^\d+(\.\d+){3}$/.test(name)) return false;
  const labels = name.split('.');
  return labels.length === 1 || labels.includes('svc') || name.endsWith('.cluster.local');
}
