import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardModel } from './model';

/** Grafana's tag of all of ours: they link to each other by it. */
const TAG = 'disaster-recovery';

/** Chosen by whoever looks, so that the same dashboard serves several Prometheus. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
export const DATASOURCE: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

/** What Grafana 10.0 writes; newer ones read it, older ones would not. */
const SCHEMA_VERSION = 38;

/** Of Grafana's grid. */
const COLUMNS = 24;

/** A value, from which it has this colour; `null` is the lowest. */
export type Step = readonly [from: number | null, color: 'green' | 'orange' | 'red' | 'blue' | 'text'];

export interface Query {
  readonly expr: string;
  /** Grafana's template: `{{pod}}`. */
  readonly legend?: string;
}

interface PanelProps {
  readonly title: string;
  /** What to know of it: where it misleads, what to do. */
  readonly description?: string;
  /** Of 24. */
  readonly width: number;
  readonly height?: number;
  /** Grafana's: `s`, `bytes`, `percentunit`, `short`, … */
  readonly unit?: string;
  readonly queries: readonly Query[];
  readonly steps?: readonly Step[];
}

export interface StatProps extends PanelProps {
  readonly decimals?: number;
  /** By value. */
  readonly words?: Readonly<Record<string, readonly [text: string, color: 'green' | 'orange' | 'red']>>;
  /** When there is no series. */
  readonly none?: string;
}

/** The newest value, large, in the colour of where it lies. */
export function stat(props: StatProps): StatBuilder {
  const panel = new StatBuilder()
    .title(props.title)
    .datasource(DATASOURCE)
    .span(props.width)
    .height(props.height ?? 4)
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(
      props.queries.some(({ legend }) => legend !== undefined)
        ? BigValueTextMode.ValueAndName
        : BigValueTextMode.Value,
    )
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
    .noValue(props.none ?? 'no data')
    .thresholds(thresholds(props.steps ?? [[null, 'text']]));
  if (props.description !== undefined) panel.description(props.description);
  if (props.unit !== undefined) panel.unit(props.unit);
  if (props.decimals !== undefined) panel.decimals(props.decimals);
  if (props.words !== undefined) panel.mappings(mappings(props.words));
  for (const [index, query] of props.queries.entries()) panel.withTarget(target(query, index).instant());
  return panel;
}

export interface TimeSeriesProps extends PanelProps {
  readonly min?: number;
  readonly max?: number;
}

/** Lines over the time that is looked at; steps are drawn as lines, too. */
export function timeSeries(props: TimeSeriesProps): TimeSeriesBuilder {
  const panel = new TimeSeriesBuilder()
    .title(props.title)
    .datasource(DATASOURCE)
    .span(props.width)
    .height(props.height ?? 8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .fillOpacity(10)
    .min(props.min ?? 0);
  if (props.description !== undefined) panel.description(props.description);
  if (props.unit !== undefined) panel.unit(props.unit);
  if (props.max !== undefined) panel.max(props.max);
  if (props.steps !== undefined) panel.thresholds(thresholds(props.steps));
  for (const [index, query] of props.queries.entries()) panel.withTarget(target(query, index).range());
  return panel;
}

/** One row per series: its labels, and its value now. */
export function table(
  props: PanelProps & { readonly value: string; readonly hidden?: readonly string[] },
): TableBuilder {
  const panel = new TableBuilder()
    .title(props.title)
    .datasource(DATASOURCE)
    .span(props.width)
    .height(props.height ?? 8)
    .noValue('none')
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: Object.fromEntries(['Time', ...(props.hidden ?? [])].map((name) => [name, true])),
        renameByName: { Value: props.value },
      },
    });
  if (props.description !== undefined) panel.description(props.description);
  panel.overrideByName(props.value, [
    ...(props.unit === undefined ? [] : [{ id: 'unit', value: props.unit }]),
    ...(props.steps === undefined
      ? []
      : [
          { id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: steps(props.steps) } },
          { id: 'custom.cellOptions', value: { type: 'color-background' } },
        ]),
  ]);
  for (const [index, query] of props.queries.entries())
    panel.withTarget(target(query, index).instant().format(PromQueryFormat.Table));
  return panel;
}

/** Markdown. */
export function text(props: {
  readonly title: string;
  readonly width: number;
  readonly height?: number;
  readonly content: string;
}): TextBuilder {
  return new TextBuilder()
    .title(props.title)
    .span(props.width)
    .height(props.height ?? 4)
    .mode(TextMode.Markdown)
    .content(props.content);
}

/** What every dashboard of ours has. */
export function dashboard(props: {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables?: readonly Builder<VariableModel>[];
  /** Of what is looked at first: `now-6h`. */
  readonly from?: string;
}): DashboardBuilder {
  const { description, from = 'now-24h', title, uid, variables = [] } = props;
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    // It is code: what is changed by hand is gone with the next deploy.
    .readonly()
    .refresh('1m')
    .time({ from, to: 'now' })
    .timezone('utc')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Recovery')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(false),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const variable of variables) builder.withVariable(variable);
  return builder;
}

/** @param file name below `dashboards/`, without its ending */
export function model(file: string, builder: DashboardBuilder): DashboardModel {
  const { panels = [], ...rest } = builder.build();
  // Links to a panel have its number in them.
  const placed = place(panels).map((panel, index) => ({ ...panel, id: index + 1 }));
  const built: Dashboard = { ...rest, panels: placed, schemaVersion: SCHEMA_VERSION };
  return { file, uid: built.uid ?? '', json: JSON.stringify(built) };
}

/** One beside the other, on a new line where one does not fit, and for each row: the builder wraps nothing. */
function place(panels: NonNullable<Dashboard['panels']>): NonNullable<Dashboard['panels']> {
  let x = 0;
  let y = 0;
  let height = 0;
  return panels.map((panel) => {
    const { h = 1, w = COLUMNS } = panel.gridPos ?? {};
    if (panel.type === 'row' || x + w > COLUMNS) {
      x = 0;
      y += height;
      height = 0;
    }
    const placed = { ...panel, gridPos: { x, y, w, h } };
    x += w;
    height = Math.max(height, h);
    return placed;
  });
}

function target({ expr, legend }: Query, index: number): DataqueryBuilder {
  const query = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .expr(expr)
    .refId(String.fromCharCode(65 + index));
  return legend === undefined ? query : query.legendFormat(legend);
}

function steps(from: readonly Step[]): Threshold[] {
  return from.map(([value, color]) => ({ value, color }));
}

function thresholds(from: readonly Step[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(from));
}

function mappings(words: NonNullable<StatProps['words']>): ValueMapping[] {
  const entries = Object.entries(words).map(
    ([value, [said, color]], index) => [value, { text: said, color, index }] as const,
  );
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(entries) }];
}
