/**
 * The parts of a pod that fragments are made of. They fit the typed resources
 * of the Kubernetes provider, without exporting its generated types.
 */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

export interface Probe {
  readonly exec: { readonly command: string[] };
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
  readonly initialDelaySeconds?: number;
}

export interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command: string[];
  readonly args?: string[];
  readonly env: EnvironmentVariable[];
  readonly port?: { readonly name: string; readonly containerPort: number; readonly protocol: string }[];
  readonly volumeMount: VolumeMount[];
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: string[] } }[] };
  readonly readinessProbe?: Probe;
  readonly resources: Resources;
  readonly securityContext: typeof RESTRICTED_CONTAINER & {
    /** Another user than the pod's. */
    readonly runAsUser?: string;
    readonly runAsGroup?: string;
  };
  readonly terminationMessagePolicy: string;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly configMap?: {
    readonly name: string;
    readonly optional?: boolean;
    readonly defaultMode?: string;
    readonly items?: { readonly key: string; readonly path: string }[];
  };
  readonly secret?: {
    readonly secretName: string;
    readonly optional?: boolean;
    readonly defaultMode?: string;
    readonly items?: { readonly key: string; readonly path: string }[];
  };
  readonly projected?: {
    readonly defaultMode?: string;
    readonly sources: {
      readonly secret?: {
        readonly name: string;
        readonly optional?: boolean;
        readonly items: { readonly key: string; readonly path: string }[];
      }[];
      readonly configMap?: {
        readonly name: string;
        readonly optional?: boolean;
        /** All keys, where it is left out. */
        readonly items?: { readonly key: string; readonly path: string }[];
      }[];
      readonly serviceAccountToken?: { readonly path: string; readonly expirationSeconds: number };
    }[];
  }[];
}

/** What the `restricted` pod security standard asks of a container, and a read-only root besides. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] as string[] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** What the `restricted` pod security standard asks of a pod, run as one fixed user. */
export function restrictedPod(uid: number) {
  return {
    runAsNonRoot: true,
    runAsUser: String(uid),
    runAsGroup: String(uid),
    fsGroup: String(uid),
    // `Always` would make a data directory group-writable at its second start, which PostgreSQL refuses.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** A pod that does one thing and ends: no token, no variables of Services, and what has failed is tried by its Job. */
export function jobPod(uid: number) {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Never',
    securityContext: restrictedPod(uid),
  };
}
