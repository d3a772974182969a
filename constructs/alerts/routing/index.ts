export * from './alert-routing';
export { type EmailProps, type Integration, Via } from './integration';
export type { Match } from './matcher';
export type { MuteTime } from './mute-time';
export type { Receiver, RoutingPlan } from './plan';
export type { Route, RouteProps } from './route';
