import { type Finding, SecretRef } from '../../core';
import { parseMatcher } from './matcher';
import { muteTimeFaults } from './mute-time';
import { NOBODY, type RoutingPlan } from './plan';
import { takesAllCritical } from './route';

/** Everything that is wrong with a routing. */
export function routingFaults(plan: RoutingPlan): Finding[] {
  return [
    ...receiverFaults(plan),
    ...unknownReceivers(plan),
    ...routeFaults(plan),
    ...criticalFaults(plan),
    ...(plan.muteTimes ?? []).flatMap(muteTimeFaults),
    ...duplicates('receivers', plan.receivers),
    ...duplicates('muteTimes', plan.muteTimes ?? []),
  ];
}

function receiverFaults({ receivers }: RoutingPlan): Finding[] {
  return receivers.flatMap(({ name, via }) => [
    ...(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name !== NOBODY
      ? []
      : [
          {
            rule: 'alerts/receiver',
            message: `a receiver is named ${JSON.stringify(name)}; it must be lower case letters, digits and "-", and not "${NOBODY}"`,
            fix: 'for example on-call',
          },
        ]),
    ...(via.length > 0
      ? []
      : [
          {
            rule: 'alerts/receiver',
            message: `receiver ${name} is reached by nothing`,
            fix: 'give it one: Via.email({ … })',
          },
        ]),
    ...via.flatMap((integration, index) => [
      ...integration.faults(),
      ...Object.entries(integration.secrets).flatMap(([secret, reference]) =>
        SecretRef.faults(reference, `receivers.${name}.via[${index}].${secret}`),
      ),
    ]),
  ]);
}

function unknownReceivers(plan: RoutingPlan): Finding[] {
  const known = new Set(plan.receivers.map(({ name }) => name));
  const named = [
    ...plan.routes.flatMap(({ receivers }, index) => receivers.map((name) => [`routes[${index}]`, name])),
    ...(['otherwise', 'deadMansSwitch', 'notificationsFailing'] as const).flatMap((property) =>
      plan[property] === undefined ? [] : [[property, plan[property]]],
    ),
  ];
  return named
    .filter(([, name]) => !known.has(name ?? ''))
    .map(([property, name]) => ({
      rule: 'alerts/unknown-receiver',
      message: `${property} leads to receiver ${JSON.stringify(name)}, which is not there`,
      fix: `one of ${[...known].sort().join(', ')}`,
    }));
}

function routeFaults({ muteTimes = [], routes }: RoutingPlan): Finding[] {
  const mute = new Set(muteTimes.map(({ name }) => name));
  return routes.flatMap(({ match, mutedDuring = [] }, index) => [
    ...(match.matchers ?? [])
      .filter((text) => parseMatcher(text) === undefined)
      .map((text) => ({
        rule: 'alerts/matcher',
        message: `routes[${index}].match.matchers has ${JSON.stringify(text)}, which Alertmanager cannot read`,
        fix: 'a label, one of = != =~ !~, and a value in double quotes (RE2 for =~ and !~): database="orders"',
      })),
    ...mutedDuring
      .filter((name) => !mute.has(name))
      .map((name) => ({
        rule: 'alerts/mute-time',
        message: `routes[${index}].mutedDuring names ${JSON.stringify(name)}, which is not there`,
        fix: mute.size === 0 ? 'declare it in muteTimes' : `one of ${[...mute].sort().join(', ')}`,
      })),
  ]);
}

/** A critical alert that nobody is told of. */
function criticalFaults({ otherwise, routes }: RoutingPlan): Finding[] {
  const told = routes.some(({ match, receivers }) => receivers.length > 0 && takesAllCritical(match));
  if (told || otherwise !== undefined) return [];
  return [
    {
      rule: 'alerts/no-receiver',
      message: 'no route takes every critical alert, and otherwise is not given: some would be told nobody',
      fix: "a route { match: { severity: 'critical' }, receivers: […] }, or a receiver for otherwise",
    },
  ];
}

function duplicates(property: string, named: readonly { readonly name: string }[]): Finding[] {
  return named
    .filter(({ name }, index) => named.findIndex((other) => other.name === name) !== index)
    .map(({ name }) => ({
      rule: 'alerts/duplicate-name',
      message: `${property} has two of the name ${JSON.stringify(name)}`,
      fix: 'give each a name of its own',
    }));
}

/** What works, and may not be what was meant. */
export function routingWarnings(plan: RoutingPlan): Finding[] {
  const { deadMansSwitch, notificationsFailing, otherwise, receivers, routes } = plan;
  const found: Finding[] = receivers.flatMap(({ via }) =>
    via.flatMap((integration) => integration.warnings()),
  );
  const warn = (rule: string, message: string, fix: string): void => {
    found.push({ rule: `alerts/${rule}`, message, fix });
  };
  if (deadMansSwitch === undefined)
    warn(
      'no-dead-mans-switch',
      'deadMansSwitch is not given: when alerting itself is away, nobody is told',
      'a receiver outside of the cluster that tells when it is not called',
    );
  if (notificationsFailing === undefined)
    warn(
      'same-way',
      'notificationsFailing is not given: that notifications fail is told by the way that fails',
      'a receiver by another provider',
    );
  else if (sameWay(plan, notificationsFailing))
    warn(
      'same-way',
      `notificationsFailing leads to ${notificationsFailing}, and critical alerts take the same way: ${kindsOf(plan, notificationsFailing).join(', ')}`,
      'a receiver by another provider',
    );
  for (const [index, { match, mutedDuring = [] }] of routes.entries())
    if (mutedDuring.length > 0 && takesAllCritical(match))
      warn(
        'critical-muted',
        `routes[${index}] takes critical alerts, and is muted during ${mutedDuring.join(', ')}: nobody is told of an outage meanwhile`,
        'mute by category, and let critical alerts through by a route before it',
      );
  const used = new Set([
    ...routes.flatMap((route) => route.receivers),
    otherwise,
    deadMansSwitch,
    notificationsFailing,
  ]);
  for (const { name } of receivers)
    if (!used.has(name))
      warn('unused-receiver', `no route leads to receiver ${name}`, 'route to it, or drop it');
  return found;
}

/** Whether no way of it is another than those of critical alerts. */
function sameWay(plan: RoutingPlan, receiver: string): boolean {
  const route = plan.routes.find(({ match }) => takesAllCritical(match));
  const critical = route?.receivers ?? (plan.otherwise === undefined ? [] : [plan.otherwise]);
  const taken = new Set(critical.flatMap((name) => kindsOf(plan, name)));
  const own = kindsOf(plan, receiver);
  return own.length > 0 && own.every((kind) => taken.has(kind));
}

function kindsOf({ receivers }: RoutingPlan, name: string): string[] {
  return receivers.find((receiver) => receiver.name === name)?.via.map(({ kind }) => kind) ?? [];
}
