import { metricsOf } from './metrics-of';

test('the metrics of an expression', () => {
  expect(
    metricsOf(
      'sum by (a) (rate(x_total{a="b"}[5m])) > 0.5 and on (a) y == 1 or absent(z) unless x_total offset 1h',
    ),
  ).toEqual(['x_total', 'y', 'z']);
});
