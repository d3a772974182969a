import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Known from the declaration, so that what no longer answers can be chosen, too. */
export function known(
  name: string,
  values: readonly string[],
  options: { readonly several?: boolean } = {},
): CustomVariableBuilder {
  const unique = [...new Set(values)].sort();
  const variable = new CustomVariableBuilder(name).values(unique.join(','));
  if (options.several === true)
    return variable
      .multi(true)
      .includeAll(true)
      .current({ selected: true, text: ['All'], value: ['$__all'] });
  const first = unique[0] ?? '';
  return variable.multi(false).includeAll(false).current({ selected: true, text: first, value: first });
}

/** What Prometheus knows. @param query `label_values(…)` */
export function asked(name: string, datasource: DataSourceRef, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .datasource(datasource)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
