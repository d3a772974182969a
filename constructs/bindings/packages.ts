/** Packages that take long to load and that many an app never needs, each loaded when it first is. */
export const packages = {
  get handlebars() {
    return require('handlebars') as typeof import('handlebars');
  },
  get promql() {
    return require('@prometheus-io/lezer-promql') as typeof import('@prometheus-io/lezer-promql');
  },
  get yaml() {
    return require('yaml') as typeof import('yaml');
  },
};
