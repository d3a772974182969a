import type { Finding, Weekday } from '../../core';

/** A time, again and again, in which routes that name it tell nobody: a maintenance. In UTC. */
export interface MuteTime {
  readonly name: string;
  /** @default - every day */
  readonly weekdays?: readonly Weekday[];
  /** `22:00`. @default - the whole day */
  readonly from?: string;
  /** `24:00` is the day's end; a time over midnight is two mute times. @default - the day's end */
  readonly to?: string;
}

/** In the words of an AlertmanagerConfig. */
export function muteTimeObject({ from = '00:00', name, to = '24:00', weekdays = [] }: MuteTime): object {
  return {
    name,
    timeIntervals: [
      { times: [{ startTime: from, endTime: to }], ...(weekdays.length === 0 ? {} : { weekdays }) },
    ],
  };
}

/** In those of `alertmanager.yml`. */
export function muteTimeInFile({ from = '00:00', name, to = '24:00', weekdays = [] }: MuteTime): object {
  return {
    name,
    time_intervals: [
      { times: [{ start_time: from, end_time: to }], ...(weekdays.length === 0 ? {} : { weekdays }) },
    ],
  };
}

export function muteTimeFaults({ from = '00:00', name, to = '24:00' }: MuteTime): Finding[] {
  const time = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;
  if (time.test(from) && time.test(to) && from < to) return [];
  return [
    {
      rule: 'alerts/mute-time',
      message: `mute time ${name} is from ${JSON.stringify(from)} to ${JSON.stringify(to)}; it must be two times of one day, the earlier one first`,
      fix: "for example from '22:00' to '24:00'; over midnight it takes two",
    },
  ];
}
