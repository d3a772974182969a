/** The CronJob from which clones are made, as far as it is read here. */
export interface Template {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: {
    readonly jobTemplate: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
      readonly spec: {
        readonly template: {
          readonly spec: { readonly containers: readonly Container[] } & Readonly<Record<string, unknown>>;
        } & Readonly<Record<string, unknown>>;
      } & Readonly<Record<string, unknown>>;
    };
  };
}

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface JobProps {
  readonly name: string;
  /** Variables of the container that differ from the template's. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The Job that `kubectl create job --from=cronjob/…` would make, with variables of its own. */
export function jobFrom(template: Template, { name, environment }: JobProps) {
  const { jobTemplate } = template.spec;
  const { template: pod } = jobTemplate.spec;
  const containers = pod.spec.containers.map((container) => ({
    ...container,
    env: [
      ...(container.env ?? []).filter((variable) => environment[variable.name] === undefined),
      ...Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
    ],
  }));
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: template.metadata.namespace,
      labels: jobTemplate.metadata?.labels ?? {},
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          name: template.metadata.name,
          uid: template.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      ...jobTemplate.spec,
      template: { ...pod, spec: { ...pod.spec, containers } },
    },
  };
}
