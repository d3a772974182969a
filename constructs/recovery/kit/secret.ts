import { convertScalar } from './convert';
import type { Faults } from './fault';
import { type Fields, isFields, reportUnknown } from './map-block';
import { RunTime } from './run-time';

interface Source {
  readonly argument: string;
  /** The values are base64 already. */
  readonly encoded: boolean;
  /** The provider reads a write-only argument only when this one is there. */
  readonly revision?: string;
}

const SOURCES: readonly Source[] = [
  { argument: 'data', encoded: false },
  { argument: 'data_wo', encoded: false, revision: 'data_wo_revision' },
  { argument: 'binary_data', encoded: true },
  { argument: 'binary_data_wo', encoded: true, revision: 'binary_data_wo_revision' },
];
const OWN = new Set([
  ...SOURCES.flatMap(({ argument, revision }) => [argument, revision]),
  'type',
  'immutable',
]);

/**
 * A Secret whose values come from variables: the manifest has markers in their
 * place, and `apply` fills them over a pipe. A Secret without data has no
 * `data` at all, so that applying it never takes away what a Job put there.
 */
export function mapSecret(
  body: Fields,
  object: string,
  plainSecretKeys: ReadonlySet<string>,
  faults: Faults,
): Fields {
  const data: Fields = {};
  for (const source of SOURCES) {
    const values = body[source.argument];
    if (values === undefined || values === null) continue;
    if (source.revision !== undefined && body[source.revision] === undefined) {
      faults.add(
        'kit-invalid-value',
        source.argument,
        undefined,
        `Terraform ignores ${source.argument} without ${source.revision}: the Secret would be empty.`,
        `Set ${source.revision}, and raise it when the values change.`,
      );
    }
    Object.assign(data, secretData(source, values, object, plainSecretKeys, faults));
  }
  for (const [argument, value] of Object.entries(body)) {
    if (!OWN.has(argument)) reportUnknown('V1Secret', value, argument, faults);
  }
  const type = convertScalar(body['type'], { of: 'string' }, { property: 'type', faults });
  const immutable = convertScalar(body['immutable'], { of: 'boolean' }, { property: 'immutable', faults });
  return {
    type: type ?? 'Opaque',
    ...(immutable === undefined ? {} : { immutable }),
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
}

function secretData(
  source: Source,
  values: unknown,
  object: string,
  plainSecretKeys: ReadonlySet<string>,
  faults: Faults,
): Fields {
  if (!isFields(values)) {
    faults.add(
      'kit-invalid-value',
      source.argument,
      undefined,
      'A map is expected.',
      'Give keys and values.',
    );
    return {};
  }
  const data: Fields = {};
  for (const [key, content] of Object.entries(values)) {
    const property = `${source.argument}["${key}"]`;
    const value = convertScalar(content, { of: 'string' }, { property, faults, element: true });
    if (value === undefined) continue;
    if (!(value instanceof RunTime) && value !== '' && !isPlain(object, key, plainSecretKeys)) {
      faults.add(
        'kit-literal-secret',
        property,
        undefined,
        'The value is written in the configuration, and so in every copy of the kit and of the repository.',
        `Pass it by a sensitive variable (TF_VAR_…); or, if it is no secret, put it into a ConfigMap or name it in plainSecretKeys ("${object}:${key}").`,
      );
      continue;
    }
    data[key] = source.encoded ? value : encode(value);
  }
  return data;
}

function isPlain(object: string, key: string, plainSecretKeys: ReadonlySet<string>): boolean {
  return plainSecretKeys.has(`${object}:${key}`);
}

function encode(value: unknown): unknown {
  return value instanceof RunTime ? value.as('base64') : Buffer.from(String(value)).toString('base64');
}
