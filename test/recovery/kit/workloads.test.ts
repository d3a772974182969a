import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DaemonSetV1 } from '@cdktf/provider-kubernetes/lib/daemon-set-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import { parse } from 'yaml';
import { objectOf } from './kits';

const labels = { app: 'web' };

test('a stateful set with everything that Terraform writes differently', () => {
  expect(
    objectOf((stack) => {
      new StatefulSetV1(stack, 'database', {
        metadata: { name: 'db', namespace: 'shop', labels, annotations: { note: '1' } },
        waitForRollout: false,
        spec: {
          replicas: '1',
          serviceName: 'db-pods',
          podManagementPolicy: 'Parallel',
          selector: { matchLabels: labels, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
          updateStrategy: [{ type: 'RollingUpdate', rollingUpdate: [{ partition: 0 }] }],
          persistentVolumeClaimRetentionPolicy: [{ whenDeleted: 'Retain', whenScaled: 'Retain' }],
          template: {
            metadata: { labels },
            spec: {
              automountServiceAccountToken: false,
              hostIpc: false,
              terminationGracePeriodSeconds: 120,
              securityContext: {
                runAsUser: '999',
                runAsGroup: '999',
                fsGroup: '999',
                runAsNonRoot: true,
                fsGroupChangePolicy: 'OnRootMismatch',
                supplementalGroups: [10],
                sysctl: [{ name: 'net.core.somaxconn', value: '1024' }],
                seccompProfile: { type: 'RuntimeDefault' },
              },
              toleration: [
                { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: '60' },
              ],
              topologySpreadConstraint: [
                { topologyKey: 'topology.kubernetes.io/zone', labelSelector: [{ matchLabels: labels }] },
              ],
              affinity: {
                podAntiAffinity: {
                  preferredDuringSchedulingIgnoredDuringExecution: [
                    {
                      weight: 1,
                      podAffinityTerm: {
                        topologyKey: 'kubernetes.io/hostname',
                        labelSelector: [{ matchLabels: labels }],
                      },
                    },
                  ],
                },
                nodeAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: {
                    nodeSelectorTerm: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
                  },
                },
              },
              hostAliases: [{ ip: '10.0.0.1', hostnames: ['vault'] }],
              dnsConfig: {
                nameservers: ['10.0.0.2'],
                searches: ['x'],
                option: [{ name: 'ndots', value: '2' }],
              },
              initContainer: [{ name: 'prepare', image: 'postgres:17', command: ['/scripts/prepare.sh'] }],
              container: [
                {
                  name: 'postgres',
                  image: 'postgres:17',
                  args: [],
                  env: [
                    { name: 'EMPTY', value: '' },
                    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                    { name: 'PASS', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
                  ],
                  envFrom: [{ configMapRef: { name: 'c' } }],
                  port: [{ name: 'postgres', containerPort: 5432 }],
                  resources: { requests: { cpu: '250m', memory: '1Gi' }, limits: { memory: '1Gi' } },
                  livenessProbe: { tcpSocket: [{ port: '5432' }], periodSeconds: 5 },
                  readinessProbe: {
                    httpGet: { path: '/ready', port: 'metrics', httpHeader: [{ name: 'X', value: 'y' }] },
                  },
                  startupProbe: { exec: { command: ['pg_isready'] } },
                  lifecycle: { preStop: [{ exec: { command: ['pg_ctl', 'stop'] } }] },
                  securityContext: {
                    runAsUser: '0',
                    capabilities: { drop: ['ALL'] },
                    readOnlyRootFilesystem: true,
                  },
                  volumeMount: [{ name: 'data', mountPath: '/data', subPath: 'x', readOnly: false }],
                },
              ],
              volume: [
                { name: 'tmp', emptyDir: {} },
                { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
                { name: 'scripts', configMap: { name: 'scripts', defaultMode: '0555' } },
                {
                  name: 'tls',
                  secret: {
                    secretName: 'tls',
                    optional: true,
                    items: [{ key: 'k', path: 'p', mode: '0400' }],
                  },
                },
                {
                  name: 'conf',
                  projected: [
                    {
                      defaultMode: '0440',
                      sources: [
                        {
                          configMap: [{ name: 'one' }, { name: 'two', items: [{ key: 'a', path: 'b' }] }],
                          secret: [{ name: 'three' }],
                        },
                        { serviceAccountToken: { path: 'token', expirationSeconds: 600 } },
                      ],
                    },
                  ],
                },
                {
                  name: 'scratch',
                  ephemeral: {
                    volumeClaimTemplate: {
                      metadata: { labels },
                      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
                    },
                  },
                },
                { name: 'claim', persistentVolumeClaim: { claimName: 'c', readOnly: true } },
              ],
            },
          },
          volumeClaimTemplate: [
            {
              metadata: { name: 'data', labels },
              spec: {
                accessModes: ['ReadWriteOnce'],
                storageClassName: 'fast',
                resources: { requests: { storage: '10Gi' } },
              },
            },
          ],
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop, labels: {app: web}, annotations: {note: '1'}}
spec:
  replicas: 1
  serviceName: db-pods
  podManagementPolicy: Parallel
  selector:
    matchLabels: {app: web}
    matchExpressions: [{key: a, operator: In, values: [b]}]
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: true
      shareProcessNamespace: false
      hostIPC: false
      terminationGracePeriodSeconds: 120
      securityContext:
        runAsUser: 999
        runAsGroup: 999
        fsGroup: 999
        runAsNonRoot: true
        fsGroupChangePolicy: OnRootMismatch
        supplementalGroups: [10]
        sysctls: [{name: net.core.somaxconn, value: '1024'}]
        seccompProfile: {type: RuntimeDefault}
      tolerations: [{key: a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 60}]
      topologySpreadConstraints:
        - topologyKey: topology.kubernetes.io/zone
          labelSelector: {matchLabels: {app: web}}
          maxSkew: 1
          whenUnsatisfiable: DoNotSchedule
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 1
              podAffinityTerm:
                topologyKey: kubernetes.io/hostname
                labelSelector: {matchLabels: {app: web}}
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: Exists}]}]
      hostAliases: [{ip: 10.0.0.1, hostnames: [vault]}]
      dnsConfig: {nameservers: [10.0.0.2], searches: [x], options: [{name: ndots, value: '2'}]}
      initContainers: [{name: prepare, image: 'postgres:17', command: [/scripts/prepare.sh]}]
      containers:
        - name: postgres
          image: postgres:17
          env:
            - {name: EMPTY}
            - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
            - {name: PASS, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}
          envFrom: [{configMapRef: {name: c, optional: false}}]
          ports: [{name: postgres, containerPort: 5432}]
          resources: {requests: {cpu: 250m, memory: 1Gi}, limits: {memory: 1Gi}}
          livenessProbe: {tcpSocket: {port: 5432}, periodSeconds: 5}
          readinessProbe: {httpGet: {path: /ready, port: metrics, httpHeaders: [{name: X, value: y}]}}
          startupProbe: {exec: {command: [pg_isready]}}
          lifecycle: {preStop: {exec: {command: [pg_ctl, stop]}}}
          securityContext:
            runAsUser: 0
            capabilities: {drop: [ALL]}
            readOnlyRootFilesystem: true
            runAsNonRoot: false
            allowPrivilegeEscalation: true
            privileged: false
          volumeMounts: [{name: data, mountPath: /data, subPath: x, readOnly: false, mountPropagation: None}]
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: shm, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
        - {name: scripts, configMap: {name: scripts, defaultMode: 365, optional: false}}
        - {name: tls, secret: {secretName: tls, optional: true, items: [{key: k, path: p, mode: 256}]}}
        - name: conf
          projected:
            defaultMode: 288
            sources:
              - secret: {name: three, optional: false}
              - configMap: {name: one, optional: false}
              - configMap: {name: two, items: [{key: a, path: b}], optional: false}
              - serviceAccountToken: {path: token, expirationSeconds: 600}
        - name: scratch
          ephemeral:
            volumeClaimTemplate:
              metadata: {labels: {app: web}}
              spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        - {name: claim, persistentVolumeClaim: {claimName: c, readOnly: true}}
  volumeClaimTemplates:
    - metadata: {name: data, namespace: default, labels: {app: web}}
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: fast
        resources: {requests: {storage: 10Gi}}
`),
  );
});

test('a deployment', () => {
  expect(
    objectOf((stack) => {
      new DeploymentV1(stack, 'web', {
        metadata: { name: 'web' },
        timeouts: { create: '5m' },
        spec: {
          replicas: '2',
          progressDeadlineSeconds: 300,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '1', maxUnavailable: '25%' } },
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { container: [{ name: 'web', image: 'web:1' }] } },
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  progressDeadlineSeconds: 300
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: true
      enableServiceLinks: true
      shareProcessNamespace: false
      containers: [{name: web, image: 'web:1'}]
`),
  );
});

test('a daemon set', () => {
  expect(
    objectOf((stack) => {
      new DaemonSetV1(stack, 'agent', {
        metadata: { name: 'agent', namespace: 'infra' },
        spec: {
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              hostNetwork: true,
              hostPid: true,
              priorityClassName: 'system-node-critical',
              container: [{ name: 'agent', image: 'agent:1' }],
              volume: [{ name: 'host', hostPath: { path: '/var', type: 'Directory' } }],
            },
          },
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: infra}
spec:
  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 10%}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: true
      enableServiceLinks: true
      shareProcessNamespace: false
      hostNetwork: true
      hostPID: true
      priorityClassName: system-node-critical
      containers: [{name: agent, image: 'agent:1'}]
      volumes: [{name: host, hostPath: {path: /var, type: Directory}}]
`),
  );
});

test('a job, whose pods Kubernetes would refuse to restart always', () => {
  expect(
    objectOf((stack) => {
      new JobV1(stack, 'backup', {
        metadata: { name: 'first-backup', namespace: 'shop' },
        waitForCompletion: false,
        spec: {
          backoffLimit: 0,
          ttlSecondsAfterFinished: '3600',
          parallelism: 3,
          podFailurePolicy: {
            rule: [
              { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
              { action: 'Ignore', onPodCondition: [{ type: 'DisruptionTarget' }] },
            ],
          },
          template: { metadata: {}, spec: { container: [{ name: 'backup', image: 'b:1' }] } },
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: batch/v1
kind: Job
metadata: {name: first-backup, namespace: shop}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 3600
  parallelism: 3
  completions: 1
  manualSelector: false
  podFailurePolicy:
    rules:
      - {action: FailJob, onExitCodes: {operator: In, values: [42]}}
      - {action: Ignore, onPodConditions: [{type: DisruptionTarget, status: 'True'}]}
  template:
    metadata: {}
    spec:
      automountServiceAccountToken: true
      enableServiceLinks: true
      shareProcessNamespace: false
      restartPolicy: Never
      containers: [{name: backup, image: 'b:1'}]
`),
  );
});

test('a cron job', () => {
  expect(
    objectOf((stack) => {
      new CronJobV1(stack, 'backup', {
        metadata: { name: 'backup', namespace: 'shop' },
        spec: {
          schedule: '0 2 * * *',
          timezone: 'Etc/UTC',
          concurrencyPolicy: 'Forbid',
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 0,
          suspend: false,
          jobTemplate: {
            metadata: {},
            spec: {
              template: {
                metadata: { labels },
                spec: { restartPolicy: 'OnFailure', container: [{ name: 'backup', image: 'b:1' }] },
              },
            },
          },
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: shop}
spec:
  schedule: 0 2 * * *
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 0
  suspend: false
  jobTemplate:
    metadata: {}
    spec:
      completions: 1
      parallelism: 1
      backoffLimit: 6
      manualSelector: false
      template:
        metadata: {labels: {app: web}}
        spec:
          automountServiceAccountToken: true
          enableServiceLinks: true
          shareProcessNamespace: false
          restartPolicy: OnFailure
          containers: [{name: backup, image: 'b:1'}]
`),
  );
});

test('a pod', () => {
  expect(
    objectOf((stack) => {
      new PodV1(stack, 'probe', {
        metadata: { name: 'probe', namespace: 'shop' },
        spec: {
          restartPolicy: 'Never',
          shareProcessNamespace: true,
          readinessGate: [{ conditionType: 'ready' }],
          imagePullSecrets: [{ name: 'registry' }],
          container: [
            { name: 'probe', image: 'p:1', volumeDevice: [{ name: 'disk', devicePath: '/dev/x' }] },
          ],
        },
      });
    }),
  ).toEqual(
    parse(`
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: shop}
spec:
  automountServiceAccountToken: true
  enableServiceLinks: true
  restartPolicy: Never
  shareProcessNamespace: true
  readinessGates: [{conditionType: ready}]
  imagePullSecrets: [{name: registry}]
  containers: [{name: probe, image: 'p:1', volumeDevices: [{name: disk, devicePath: /dev/x}]}]
`),
  );
});
