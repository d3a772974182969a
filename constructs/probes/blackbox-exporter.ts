import { kubernetes } from '../bindings/kubernetes';
import { packages } from '../bindings/packages';
import { Construct, literal, specHash } from '../core';
import { RESTRICTED_CONTAINER, type Resources, restrictedPod } from '../workloads';

const PORT = 9115;
const CONFIG = '/etc/blackbox';

export interface BlackboxExporterProps {
  readonly name: string;
  readonly namespace: string;
  /** Has `prometheus-blackbox-exporter` on its path: images/blackbox-exporter, or `prom/blackbox-exporter` with `command`. */
  readonly image: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: string;
  /** @default ['prometheus-blackbox-exporter'] */
  readonly command?: readonly string[];
  /**
   * Modules of blackbox.yml beside `http_2xx`, `tcp` and `tcp_tls`, or in their place.
   * @default none
   */
  readonly modules?: Readonly<Record<string, object>>;
  /** @default - requests of 10m and 32Mi, a limit of 64Mi */
  readonly resources?: Resources;
}

const MODULES = {
  http_2xx: { prober: 'http', timeout: '10s', http: { preferred_ip_protocol: 'ip4' } },
  tcp: { prober: 'tcp', timeout: '10s', tcp: { preferred_ip_protocol: 'ip4' } },
  tcp_tls: { prober: 'tcp', timeout: '10s', tcp: { tls: true, preferred_ip_protocol: 'ip4' } },
};

/** Asks endpoints as a client would. What `EndpointProbe` is to be seen from outside needs one elsewhere: give its URL. */
export class BlackboxExporter extends Construct {
  /** Host and port, as a Probe names its prober. */
  readonly address: string;

  constructor(scope: Construct, id: string, props: BlackboxExporterProps) {
    super(scope, id);
    const { name, namespace } = props;
    const labels = { 'app.kubernetes.io/name': 'blackbox-exporter', 'app.kubernetes.io/instance': name };
    const configuration = packages.yaml.stringify({ modules: { ...MODULES, ...props.modules } });
    this.address = `${name}.${namespace}.svc:${PORT}`;
    new kubernetes.ConfigMapV1(this, 'config', {
      metadata: { name, namespace, labels },
      data: { 'blackbox.yml': literal(configuration) },
    });
    new kubernetes.DeploymentV1(this, 'deployment', {
      metadata: { name, namespace, labels },
      waitForRollout: false,
      spec: {
        replicas: '1',
        selector: { matchLabels: labels },
        template: {
          // It does not read its configuration again by itself.
          metadata: { labels, annotations: { 'cdktf-disaster-recovery/config': specHash(configuration) } },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: restrictedPod(65_534),
            container: [
              {
                name: 'blackbox-exporter',
                image: props.image,
                imagePullPolicy: props.imagePullPolicy ?? 'IfNotPresent',
                command: [...(props.command ?? ['prometheus-blackbox-exporter'])],
                args: [`--config.file=${CONFIG}/blackbox.yml`, `--web.listen-address=:${PORT}`],
                port: [{ name: 'metrics', containerPort: PORT, protocol: 'TCP' }],
                volumeMount: [{ name: 'config', mountPath: CONFIG, readOnly: true }],
                readinessProbe: { httpGet: { path: '/-/healthy', port: 'metrics' }, periodSeconds: 5 },
                resources: props.resources ?? {
                  requests: { cpu: '10m', memory: '32Mi' },
                  limits: { memory: '64Mi' },
                },
                securityContext: RESTRICTED_CONTAINER,
                terminationMessagePolicy: 'FallbackToLogsOnError',
              },
            ],
            volume: [{ name: 'config', configMap: { name, defaultMode: '0444' } }],
          },
        },
      },
    });
    new kubernetes.ServiceV1(this, 'service', {
      metadata: { name, namespace, labels },
      spec: {
        selector: labels,
        port: [{ name: 'metrics', port: PORT, targetPort: 'metrics', protocol: 'TCP' }],
      },
    });
  }
}
