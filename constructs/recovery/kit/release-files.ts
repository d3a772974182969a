import type { KitFile } from './kit';
import type { KitRelease } from './release';
import { yamlFile } from './yaml';

/** `arguments` (the chart, then one argument of helm per line) and `values.yaml`. */
export function releaseFiles(path: string, release: KitRelease): readonly KitFile[] {
  const { repository, version } = release;
  const lines = [
    chartReference(release),
    ...(repository === '' || repository.startsWith('oci://') ? [] : ['--repo', repository]),
    ...(version === '' ? [] : ['--version', version]),
    ...release.arguments,
  ];
  const values = yamlFile(release.values);
  return [
    { path: `${path}/arguments`, content: `${lines.join('\n')}\n` },
    { path: `${path}/values${values.extension}`, content: values.content },
  ];
}

/** A chart of this machine is copied into the kit; an OCI repository and a chart's name are one reference to helm. */
export function chartReference(release: KitRelease): string {
  if (release.local) return `charts/${release.chart.replace(/\/$/, '').split('/').at(-1) ?? release.name}`;
  if (!release.repository.startsWith('oci://')) return release.chart;
  return `${release.repository.replace(/\/$/, '')}/${release.chart}`;
}
