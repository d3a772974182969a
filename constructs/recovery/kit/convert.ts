import type { Faults } from './fault';
import type { PropertyType } from './kubernetes-types';
import { RunTime, UNRESOLVED } from './run-time';

export type Scalar = string | number | boolean | RunTime | undefined;

interface Place {
  readonly property: string;
  readonly faults: Faults;
  /** The number is written in octal. */
  readonly octal?: boolean;
  /** In lists and maps an empty string is a value; in a field it means "not set". */
  readonly element?: boolean;
}

/** One value of Terraform's JSON in the form that Kubernetes expects. */
export function convertScalar(value: unknown, type: PropertyType, place: Place): Scalar {
  if (value === null || value === undefined || value === UNRESOLVED) return undefined;
  if (value instanceof RunTime) return convertRunTime(value, type, place);
  if (typeof value === 'object') return invalid(value, type, place);
  if (value === '' && !place.element) return undefined;
  switch (type.of) {
    case 'string':
      return String(value);
    case 'number':
      return place.octal ? octal(value, type, place) : integer(value, type, place);
    case 'boolean':
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      return invalid(value, type, place);
    case 'intOrString':
      return typeof value === 'string' || typeof value === 'number'
        ? intOrString(value)
        : invalid(value, type, place);
    default:
      return invalid(value, type, place);
  }
}

function intOrString(value: string | number): string | number {
  return typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : value;
}

function integer(value: unknown, type: PropertyType, place: Place): Scalar {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : invalid(value, type, place);
}

function octal(value: unknown, type: PropertyType, place: Place): Scalar {
  return /^[0-7]{1,5}$/.test(String(value)) ? Number.parseInt(String(value), 8) : invalid(value, type, place);
}

function convertRunTime(value: RunTime, type: PropertyType, place: Place): Scalar {
  if (type.of === 'string') return value.form === 'boolean' ? value.as('text') : value;
  const bare =
    type.of === 'number' && !place.octal ? 'integer' : type.of === 'boolean' ? 'boolean' : undefined;
  if (bare !== undefined && value.only !== undefined) return value.as(bare);
  place.faults.add(
    'kit-invalid-value',
    place.property,
    value,
    `${expected(type, place)} is expected, and a text with a variable in it stands there.`,
    'Give the value itself, or a variable that is the whole value.',
  );
  return undefined;
}

function invalid(value: unknown, type: PropertyType, place: Place): undefined {
  place.faults.add(
    'kit-invalid-value',
    place.property,
    value,
    `${expected(type, place)} is expected.`,
    'Give a value of that kind.',
  );
  return undefined;
}

function expected(type: PropertyType, place: Place): string {
  if (place.octal) return 'An octal file mode such as "0640"';
  switch (type.of) {
    case 'number':
      return 'A whole number';
    case 'boolean':
      return 'true or false';
    case 'intOrString':
      return 'A number or a text';
    case 'map':
      return 'A map of texts';
    case 'list':
      return 'A list';
    case 'object':
      return 'A block';
    default:
      return 'A text';
  }
}
