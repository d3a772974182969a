import type { Duration } from '../../core';
import { prometheusDuration } from '../rule';
import { type Match, type Matcher, matchersOf, writeMatcher } from './matcher';

/** Who is told of what. The first route that matches an alert takes it. */
export interface RouteProps {
  readonly match: Match;
  /** Names of receivers: each is told. */
  readonly receivers: readonly string[];
  /** Names of mute times in which nobody is told. @default - none */
  readonly mutedDuring?: readonly string[];
  /** How often one that goes on firing is told again. @default - 4 h if it takes critical alerts alone, else 12 h */
  readonly repeatInterval?: Duration;
}

/** A route as an AlertmanagerConfig has it. Its definition leaves those below the first untyped. */
export interface Route {
  readonly receiver: string;
  readonly matchers?: readonly Matcher[];
  readonly continue?: boolean;
  readonly groupBy?: readonly string[];
  readonly groupWait?: string;
  readonly groupInterval?: string;
  readonly repeatInterval?: string;
  readonly muteTimeIntervals?: readonly string[];
  readonly routes?: readonly Route[];
}

/** The route of a declared one. @param receiver the one in which its receivers are joined */
export function routeOf({ match, mutedDuring, repeatInterval }: RouteProps, receiver: string): Route {
  const repeat = repeatInterval === undefined ? defaultRepeat(match) : prometheusDuration(repeatInterval);
  return {
    receiver,
    matchers: matchersOf(match),
    ...(repeat === undefined ? {} : { repeatInterval: repeat }),
    ...(mutedDuring === undefined || mutedDuring.length === 0 ? {} : { muteTimeIntervals: mutedDuring }),
  };
}

function defaultRepeat({ severity }: Match): string | undefined {
  return [severity].flat().every((one) => one === 'critical') ? '4h' : undefined;
}

/** Whether it takes every critical alert, whatever else that says of itself. */
export function takesAllCritical(match: Match): boolean {
  return matchersOf(match).every(
    ({ matchType, name, value }) =>
      name === 'severity' &&
      {
        '=': () => value === 'critical',
        '!=': () => value !== 'critical',
        '=~': () => new RegExp(`^(?:${value})$`).test('critical'),
        '!~': () => !new RegExp(`^(?:${value})$`).test('critical'),
      }[matchType](),
  );
}

/** As `alertmanager.yml` has it. */
export function routeInFile(route: Route): object {
  const {
    continue: goesOn,
    groupBy,
    groupInterval,
    groupWait,
    matchers,
    muteTimeIntervals,
    receiver,
  } = route;
  return {
    receiver,
    ...(matchers === undefined ? {} : { matchers: matchers.map(writeMatcher) }),
    ...(goesOn === undefined ? {} : { continue: goesOn }),
    ...(groupBy === undefined ? {} : { group_by: groupBy }),
    ...(groupWait === undefined ? {} : { group_wait: groupWait }),
    ...(groupInterval === undefined ? {} : { group_interval: groupInterval }),
    ...(route.repeatInterval === undefined ? {} : { repeat_interval: route.repeatInterval }),
    ...(muteTimeIntervals === undefined ? {} : { mute_time_intervals: muteTimeIntervals }),
    ...(route.routes === undefined ? {} : { routes: route.routes.map(routeInFile) }),
  };
}
