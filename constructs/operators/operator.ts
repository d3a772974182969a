import { helm } from '../bindings/helm';
import { packages } from '../bindings/packages';
import { addCheck, Construct, literal } from '../core';

export interface OperatorProps {
  /** Name of the Helm release. */
  readonly name: string;
  readonly namespace: string;
  /** Chart name in the repository, `oci://` reference, or path of a local chart file. */
  readonly chart: string;
  /** URL of the chart repository. @default - none: `chart` says it all */
  readonly repository?: string;
  /** Exact version: a platform that comes back must be the one that was lost. */
  readonly version: string;
  /** Values of the chart, typed by whoever knows the chart. @default - the chart's own */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** An operator from a Helm chart: one generic construct, since wrappers per chart drift. */
export class Operator extends Construct {
  constructor(scope: Construct, id: string, props: OperatorProps) {
    super(scope, id);
    addCheck(this, () =>
      /^v?\d+\.\d+\.\d+/.test(props.version)
        ? []
        : [
            {
              rule: 'operators/version',
              message: `version is "${props.version}"; it must be one exact version`,
              fix: 'for example 1.16.2: a range could bring back another platform than the one that was lost',
            },
          ],
    );
    new helm.Release(this, 'release', {
      name: props.name,
      namespace: props.namespace,
      createNamespace: true,
      chart: props.chart,
      version: props.version,
      atomic: true,
      ...(props.repository === undefined ? {} : { repository: props.repository }),
      ...(props.values === undefined ? {} : { values: [literal(packages.yaml.stringify(props.values))] }),
    });
  }
}
