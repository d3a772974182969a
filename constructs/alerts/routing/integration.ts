import { type Finding, SecretRef } from '../../core';

/** Where a receiver finds the value of a secret. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** One way to reach somebody, in the words of an AlertmanagerConfig and of `alertmanager.yml`. */
export interface Integration {
  /** `slack` */
  readonly kind: string;
  /** Secrets that it needs, by a short name. */
  readonly secrets: Readonly<Record<string, SecretRef>>;
  /** `slackConfigs`, and an element of it. */
  readonly object: (secret: (name: string) => SecretKey) => readonly [string, object];
  /** `slack_configs`, and an element of it. @param file path of a secret */
  readonly file: (file: (name: string) => string) => readonly [string, object];
  /** Beside those of its secrets. */
  readonly faults: () => Finding[];
  /** What keeps it from working some day. */
  readonly warnings: () => Finding[];
}

export interface EmailProps {
  readonly to: string;
  readonly from: string;
  /** `smtp.example.com:587` */
  readonly smarthost: string;
  /** @default - none: the server takes mail without a login */
  readonly login?: { readonly username: string; readonly password: SecretRef };
}

/** The runbook's link is in every notification; where the receiver's own template leaves it out, this is sent. */
const TEXT =
  '{{ range .Alerts }}{{ .Annotations.summary }}: {{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}';

const OPSGENIE_ENDS = '2027-04-05';

function integration(
  kind: string,
  secrets: Readonly<Record<string, SecretRef>>,
  rest: Pick<Integration, 'object' | 'file'> & Partial<Pick<Integration, 'faults' | 'warnings'>>,
): Integration {
  return { kind, secrets, faults: () => [], warnings: () => [], ...rest };
}

/** How people, and the machines that wake them, are reached. Resolved alerts are told as well. */
export const Via = {
  email: ({ from, login, smarthost, to }: EmailProps): Integration =>
    integration('email', login === undefined ? {} : { password: login.password }, {
      object: (secret) => [
        'emailConfigs',
        {
          to,
          from,
          smarthost,
          requireTLS: true,
          sendResolved: true,
          ...(login === undefined ? {} : { authUsername: login.username, authPassword: secret('password') }),
        },
      ],
      file: (file) => [
        'email_configs',
        {
          to,
          from,
          smarthost,
          require_tls: true,
          send_resolved: true,
          ...(login === undefined
            ? {}
            : { auth_username: login.username, auth_password_file: file('password') }),
        },
      ],
      faults: () => [
        ...Object.entries({ to, from }).flatMap(([property, value]) =>
          /^[^@\s]+@[^@\s]+$|<[^@\s]+@[^@\s]+>$/.test(value)
            ? []
            : [wrong('email', property, value, 'it is no address', 'for example on-call@example.com')],
        ),
        ...(/^[^:\s]+:\d{1,5}$/.test(smarthost)
          ? []
          : [wrong('email', 'smarthost', smarthost, 'it is no host with a port', 'smtp.example.com:587')]),
      ],
    }),

  /** By an incoming webhook. */
  slack: (props: { readonly webhook: SecretRef; readonly channel: string }): Integration =>
    integration(
      'slack',
      { webhook: props.webhook },
      {
        object: (secret) => [
          'slackConfigs',
          { apiURL: secret('webhook'), channel: props.channel, sendResolved: true, text: TEXT },
        ],
        file: (file) => [
          'slack_configs',
          { api_url_file: file('webhook'), channel: props.channel, send_resolved: true, text: TEXT },
        ],
        faults: () =>
          /^[#@]?[^\s#@]+$/.test(props.channel)
            ? []
            : [wrong('slack', 'channel', props.channel, 'it is no channel', "for example '#alerts'")],
      },
    ),

  /** By a workflow's webhook ("Post to a channel when a webhook request is received"). Needs Alertmanager 0.28. */
  teams: (props: { readonly webhook: SecretRef }): Integration =>
    integration(
      'teams',
      { webhook: props.webhook },
      {
        object: (secret) => [
          'msteamsv2Configs',
          { webhookURL: secret('webhook'), sendResolved: true, text: TEXT },
        ],
        file: (file) => [
          'msteamsv2_configs',
          { webhook_url_file: file('webhook'), send_resolved: true, text: TEXT },
        ],
      },
    ),

  /** Atlassian ends it on 5 April 2027. */
  opsgenie: (props: {
    readonly apiKey: SecretRef;
    /** @default - https://api.opsgenie.com/; that of the EU is https://api.eu.opsgenie.com/ */
    readonly apiUrl?: string;
  }): Integration => {
    const common = { description: TEXT, priority: '{{ .CommonLabels.priority }}' };
    return integration(
      'opsgenie',
      { 'api-key': props.apiKey },
      {
        object: (secret) => [
          'opsgenieConfigs',
          {
            ...common,
            apiKey: secret('api-key'),
            sendResolved: true,
            ...(props.apiUrl === undefined ? {} : { apiURL: props.apiUrl }),
          },
        ],
        file: (file) => [
          'opsgenie_configs',
          {
            ...common,
            api_key_file: file('api-key'),
            send_resolved: true,
            ...(props.apiUrl === undefined ? {} : { api_url: props.apiUrl }),
          },
        ],
        faults: () => (props.apiUrl === undefined ? [] : url('opsgenie', 'apiUrl', props.apiUrl)),
        warnings: () => [
          {
            rule: 'alerts/opsgenie-ends',
            message: `a receiver is an Opsgenie, which Atlassian ends on ${OPSGENIE_ENDS}: it notifies nobody after that`,
            fix: 'move to Jira Service Management (a webhook), PagerDuty or another before',
          },
        ],
      },
    );
  },

  /** By an integration of the type "Events API v2". */
  pagerDuty: (props: { readonly routingKey: SecretRef }): Integration => {
    // PagerDuty's words; what is P1 or P2 is not "info" there.
    const severity =
      '{{ if eq .CommonLabels.severity "critical" "warning" "info" }}{{ .CommonLabels.severity }}{{ else }}error{{ end }}';
    return integration(
      'pagerduty',
      { 'routing-key': props.routingKey },
      {
        object: (secret) => [
          'pagerdutyConfigs',
          { routingKey: secret('routing-key'), severity, sendResolved: true },
        ],
        file: (file) => [
          'pagerduty_configs',
          { routing_key_file: file('routing-key'), severity, send_resolved: true },
        ],
      },
    );
  },

  /** @param target a URL, as a secret where whoever knows it may post */
  webhook: (target: string | SecretRef): Integration => {
    const secret = SecretRef.is(target) ? target : undefined;
    return integration('webhook', secret === undefined ? {} : { url: secret }, {
      object: (of) => [
        'webhookConfigs',
        {
          ...(secret === undefined ? { url: target as string } : { urlSecret: of('url') }),
          sendResolved: true,
        },
      ],
      file: (of) => [
        'webhook_configs',
        {
          ...(secret === undefined ? { url: target as string } : { url_file: of('url') }),
          send_resolved: true,
        },
      ],
      faults: () => (secret === undefined ? url('webhook', 'url', target as string) : []),
    });
  },
} as const;

function url(kind: string, property: string, value: string): Finding[] {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return [];
  return [wrong(kind, property, value, 'it is no URL', 'for example https://hooks.example.com/alerts')];
}

function wrong(kind: string, property: string, value: unknown, why: string, fix: string): Finding {
  return {
    rule: 'alerts/receiver',
    message: `${property} of a receiver by ${kind} is ${JSON.stringify(value)}; ${why}`,
    fix,
  };
}
