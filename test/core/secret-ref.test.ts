import fc from 'fast-check';
import { SecretRef } from '../../constructs/core/secret-ref';

const LITERAL = 'hunter2-correct-horse';

test('a reference is where to find, and says so', () => {
  const existing = SecretRef.existing({ name: 'orders-db', key: 'password' });
  const variable = SecretRef.variable('DB_PASSWORD', { description: 'in the safe, under orders' });
  expect(existing).toMatchObject({ kind: 'existing', name: 'orders-db', key: 'password' });
  expect(variable).toMatchObject({ kind: 'variable', environmentVariable: 'TF_VAR_DB_PASSWORD' });
  expect([existing.describe(), variable.describe()]).toEqual([
    'Secret orders-db, key password',
    'environment variable TF_VAR_DB_PASSWORD',
  ]);
  expect([...SecretRef.faults(existing, 'p'), ...SecretRef.faults(variable, 'p')]).toEqual([]);
});

test('a literal does not fit the type', () => {
  const take = (_secret: SecretRef): void => {};
  // @ts-expect-error a string is no reference
  take(LITERAL);
  // @ts-expect-error an object that looks alike is none either
  take({ kind: 'existing', name: 'a', key: 'b', faults: () => [], describe: () => '', toJSON: () => '' });
});

test.each([
  ['a string', LITERAL],
  ['a cast string', LITERAL as never],
  ['a look-alike', { kind: 'existing', name: 'a', key: LITERAL }],
  ['bytes', Buffer.from(LITERAL)],
  ['a number', 12345678],
])('%s is found at run time, and not repeated', (_, value) => {
  const faults = SecretRef.faults(value, 'application.password');
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatchObject({
    rule: 'secret/literal',
    message: expect.stringContaining('application.password is a literal'),
    fix: expect.stringMatching(/SecretRef\.existing.*change the secret if it was ever committed/),
  });
  expect(JSON.stringify(faults)).not.toMatch(/hunter2|12345678/);
});

test.each([undefined, null])('%p is a missing secret', (value) => {
  expect(SecretRef.faults(value, 'p')).toMatchObject([
    { rule: 'secret/missing', message: 'p names no secret' },
  ]);
});

test('a secret in place of a name is found, and not repeated', () => {
  const secrets = fc.string({ minLength: 8 }).filter((text) => /[^-._a-zA-Z0-9]/.test(text));
  fc.assert(
    fc.property(secrets, (secret) => {
      const faults = [
        ...SecretRef.faults(SecretRef.existing({ name: secret, key: secret }), 'p'),
        ...SecretRef.faults(SecretRef.variable(secret, { description: 'd' }), 'p'),
      ];
      expect(faults).toHaveLength(3);
      expect(faults.filter(({ message, fix }) => message.includes(secret) || fix.includes(secret))).toEqual(
        [],
      );
    }),
  );
});

test('a variable without a description leaves an operator in the dark', () => {
  expect(SecretRef.faults(SecretRef.variable('A', { description: ' ' }), 'p')).toMatchObject([
    { message: 'p has no description' },
  ]);
});
