/** A real Pushgateway, as Debian's package prometheus-pushgateway has it. */
export const PUSHGATEWAY = '/usr/bin/prometheus-pushgateway';
