import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardModel, EnvironmentFacts } from './model';
import { DATASOURCE, dashboard, model, table, timeSeries } from './panels';
import { asked, known } from './variables';

const OF = 'job="kubelet",namespace=~"$namespace",persistentvolumeclaim=~"$claim"';
// A volume that several nodes mount is told by each of them.
const EACH = 'by (namespace, persistentvolumeclaim)';
const LEGEND = '{{namespace}}/{{persistentvolumeclaim}}';

/** How full the volumes are, and when they will be. */
export function volumesDashboard({ environment, namespaces, uid }: EnvironmentFacts): DashboardModel {
  const used = (what: 'volume_stats' | 'volume_stats_inodes'): string =>
    what === 'volume_stats'
      ? `max ${EACH} (1 - kubelet_volume_stats_available_bytes{${OF}} / kubelet_volume_stats_capacity_bytes{${OF}})`
      : `max ${EACH} (1 - kubelet_volume_stats_inodes_free{${OF}} / (kubelet_volume_stats_inodes{${OF}} > 0))`;
  const builder = dashboard({
    uid: uid('volumes'),
    title: `Volumes of ${environment}`,
    description:
      'Persistent volume claims, by the kubelet of the node that mounts them: what no pod mounts is not told.',
    from: 'now-7d',
    variables: [
      known('namespace', namespaces, { several: true }),
      asked(
        'claim',
        DATASOURCE,
        'label_values(kubelet_volume_stats_capacity_bytes{job="kubelet",namespace=~"$namespace"}, persistentvolumeclaim)',
      ),
    ],
  })
    .withRow(new RowBuilder('Now'))
    .withPanel(
      table({
        title: 'Used',
        width: 8,
        unit: 'percentunit',
        queries: [{ expr: `sort_desc(${used('volume_stats')})` }],
        steps: [
          [null, 'green'],
          [0.85, 'orange'],
          [0.95, 'red'],
        ],
        value: 'used',
      }),
    )
    .withPanel(
      table({
        title: 'In four days, as the last six hours went',
        description: 'Free then. Below nothing: full before.',
        width: 8,
        unit: 'bytes',
        queries: [
          {
            expr: `sort(min ${EACH} (predict_linear(kubelet_volume_stats_available_bytes{${OF}}[6h], 4 * 86400)))`,
          },
        ],
        steps: [
          [null, 'red'],
          [0, 'green'],
        ],
        value: 'free',
      }),
    )
    .withPanel(
      table({
        title: 'Claims without a volume',
        width: 8,
        queries: [
          {
            expr: 'max by (namespace, persistentvolumeclaim, phase) (kube_persistentvolumeclaim_status_phase{job="kube-state-metrics",namespace=~"$namespace",phase!="Bound"}) == 1',
          },
        ],
        value: 'now',
      }),
    )
    .withRow(new RowBuilder('Over time'))
    .withPanel(
      timeSeries({
        title: 'Used',
        width: 12,
        unit: 'percentunit',
        max: 1,
        queries: [{ expr: used('volume_stats'), legend: LEGEND }],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Free',
        width: 12,
        unit: 'bytes',
        queries: [{ expr: `min ${EACH} (kubelet_volume_stats_available_bytes{${OF}})`, legend: LEGEND }],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Inodes used',
        description: 'A volume can be full of small files with room left.',
        width: 12,
        unit: 'percentunit',
        max: 1,
        queries: [{ expr: used('volume_stats_inodes'), legend: LEGEND }],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Capacity',
        width: 12,
        unit: 'bytes',
        queries: [{ expr: `max ${EACH} (kubelet_volume_stats_capacity_bytes{${OF}})`, legend: LEGEND }],
      }),
    );
  return model('volumes', builder);
}
