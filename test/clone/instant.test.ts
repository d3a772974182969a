import { parseTarget, sameTarget, targetText } from '../../clone/instant';

test.each([
  ['2026-05-04T03:02:01Z', '2026-05-04T03:02:01Z'],
  ['2026-05-04 05:02:01.123456+02:00', '2026-05-04T05:02:01.123456+02:00'],
  ['2026-05-04T05:02:01+0200', '2026-05-04T05:02:01+02:00'],
  ['2026-05-04T05:02+02', '2026-05-04T05:02+02:00'],
  ['latest', 'latest'],
])('%s', (given, text) => {
  expect(targetText(parseTarget(given))).toBe(text);
});

test.each(['2026-05-04T03:02:01', '2026-05-04', 'yesterday', '2026-13-04T03:02:01Z', ''])(
  '"%s" is refused, with what to say instead',
  (text) => {
    expect(() => parseTarget(text)).toThrow(/ — FIX: say latest, or an instant with its zone/);
  },
);

test('one instant in two zones is one target; a microsecond makes two', () => {
  expect(sameTarget('2026-05-04T03:02:01Z', '2026-05-04T05:02:01.000+02:00')).toBe(true);
  expect(sameTarget('2026-05-04T03:02:01.000001Z', '2026-05-04T03:02:01Z')).toBe(false);
  expect(sameTarget('latest', '2026-05-04T03:02:01Z')).toBe(false);
});
