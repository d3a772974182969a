import type { Duration } from '../../core';
import { NOTIFICATIONS_FAILING, WATCHDOG } from '../names';
import { prometheusDuration } from '../rule';
import type { Integration } from './integration';
import { type MuteTime, muteTimeInFile, muteTimeObject } from './mute-time';
import { type Route, type RouteProps, routeInFile, routeOf } from './route';

/** Somebody who is told, in one way or several. */
export interface Receiver {
  /** Lower case letters, digits and `-`. */
  readonly name: string;
  readonly via: readonly Integration[];
}

/** Who is told of what. */
export interface RoutingPlan {
  readonly receivers: readonly Receiver[];
  /** In order: the first that matches an alert takes it. */
  readonly routes: readonly RouteProps[];
  /** Receiver of what no route takes. @default - none: nobody is told */
  readonly otherwise?: string;
  /** Receiver of the watchdog, outside of the cluster. @default - none, which is warned of: nobody is told when alerting itself is away */
  readonly deadMansSwitch?: string;
  /**
   * Receiver that is told that notifications fail, by another provider than the others, and beside them.
   * @default - none, which is warned of: the alert takes the way that fails
   */
  readonly notificationsFailing?: string;
  readonly muteTimes?: readonly MuteTime[];
  /** How long a first alert waits for others of its group. @default Duration.seconds(30) */
  readonly groupWait?: Duration;
  /** How long what changes in a group waits to be told, a resolved alert too. @default Duration.minutes(5) */
  readonly groupInterval?: Duration;
}

/** Name of the receiver that tells nobody. */
export const NOBODY = 'nobody';

/** Each tier of one thing mutes the tiers below. None of them is the watchdog's. */
const INHIBITIONS = [
  { source: ['critical'], target: ['warning', 'info'] },
  { source: ['warning'], target: ['info'] },
] as const;
const GROUP = ['namespace', 'alertname'];
/** Of one thing: another database of the namespace is another thing. A label that both lack is the same. */
const SAME = [...GROUP, 'database'];

/** Key of a secret of a receiver: `on-call-0-webhook`. */
export const secretKey = (receiver: string, index: number, secret: string): string =>
  `${receiver}-${index}-${secret}`;

/** The tree of routes. What is not said by a route is inherited from the first. */
export function routeTree(plan: RoutingPlan): Route {
  const {
    deadMansSwitch = NOBODY,
    groupInterval,
    groupWait,
    notificationsFailing,
    otherwise = NOBODY,
    routes,
  } = plan;
  const named = (alertname: string) => [{ name: 'alertname', matchType: '=' as const, value: alertname }];
  return {
    receiver: otherwise,
    groupBy: GROUP,
    groupWait: groupWait === undefined ? '30s' : prometheusDuration(groupWait),
    groupInterval: groupInterval === undefined ? '5m' : prometheusDuration(groupInterval),
    repeatInterval: '12h',
    routes: [
      // Under its group's interval, or every second repetition would be left out.
      {
        receiver: deadMansSwitch,
        matchers: named(WATCHDOG),
        groupWait: '0s',
        groupInterval: '1m',
        repeatInterval: '50s',
      },
      { receiver: NOBODY, matchers: [{ name: 'severity', matchType: '=', value: 'none' }] },
      ...(notificationsFailing === undefined
        ? []
        : [{ receiver: notificationsFailing, matchers: named(NOTIFICATIONS_FAILING), continue: true }]),
      ...routes.map((route) => routeOf(route, joinedName(route.receivers))),
    ],
  };
}

/** Receivers of a tree: those that are declared, those that routes join, and the one that tells nobody. */
function joined({ receivers, routes }: RoutingPlan): { name: string; members: readonly Receiver[] }[] {
  const byName = new Map(receivers.map((receiver) => [receiver.name, receiver]));
  const several = new Map(
    routes.filter((route) => route.receivers.length > 1).map((route) => [joinedName(route.receivers), route]),
  );
  return [
    { name: NOBODY, members: [] },
    ...receivers.map((receiver) => ({ name: receiver.name, members: [receiver] })),
    ...[...several].map(([name, route]) => ({
      name,
      members: route.receivers.flatMap((one) => byName.get(one) ?? []),
    })),
  ];
}

function joinedName(receivers: readonly string[]): string {
  return receivers.length === 0 ? NOBODY : [...new Set(receivers)].join('+');
}

/** The spec of an AlertmanagerConfig. @param secret where the value of a key is */
export function routingObject(
  plan: RoutingPlan,
  secret: (key: string) => { readonly name: string; readonly key: string },
): object {
  const matchers = (name: string, values: readonly string[]) => [
    { name, matchType: values.length === 1 ? '=' : '=~', value: values.join('|') },
  ];
  const { muteTimes = [] } = plan;
  return {
    route: routeTree(plan),
    receivers: joined(plan).map(({ members, name }) => ({
      name,
      ...grouped(members, ({ object }, key) => object((one) => secret(key(one)))),
    })),
    inhibitRules: INHIBITIONS.map(({ source, target }) => ({
      sourceMatch: matchers('severity', source),
      targetMatch: matchers('severity', target),
      equal: SAME,
    })),
    ...(muteTimes.length === 0 ? {} : { muteTimeIntervals: muteTimes.map(muteTimeObject) }),
  };
}

/** `alertmanager.yml`. @param file path of a file with the value of a key */
export function routingFile(plan: RoutingPlan, file: (key: string) => string): object {
  const matcher = (values: readonly string[]) =>
    values.length === 1 ? `severity="${values[0]}"` : `severity=~"${values.join('|')}"`;
  const { muteTimes = [] } = plan;
  return {
    route: routeInFile(routeTree(plan)),
    receivers: joined(plan).map(({ members, name }) => ({
      name,
      ...grouped(members, (integration, key) => integration.file((one) => file(key(one)))),
    })),
    inhibit_rules: INHIBITIONS.map(({ source, target }) => ({
      source_matchers: [matcher(source)],
      target_matchers: [matcher(target)],
      equal: SAME,
    })),
    ...(muteTimes.length === 0 ? {} : { time_intervals: muteTimes.map(muteTimeInFile) }),
  };
}

/** Integrations of receivers, by the property of their kind. */
function grouped(
  members: readonly Receiver[],
  write: (integration: Integration, key: (secret: string) => string) => readonly [string, object],
): Record<string, object[]> {
  const lists: Record<string, object[]> = {};
  for (const { name, via } of members)
    for (const [index, integration] of via.entries()) {
      const [property, element] = write(integration, (secret) => secretKey(name, index, secret));
      lists[property] = [...(lists[property] ?? []), element];
    }
  return lists;
}
