import { INLINED, OCTAL, RENAMED } from './exceptions';
import { findProperty, type Property } from './kubernetes-types';

/** What an argument of a block stands for. */
export interface Meaning {
  readonly property: Property | undefined;
  readonly inlined: boolean;
  readonly octal: boolean;
}

const meanings = new Map<string, Map<string, Meaning>>();

/** Looked up once for each argument of a type: thousands of blocks have the same. */
export function meaningOf(type: string, argument: string): Meaning {
  const ofType = meanings.get(type) ?? new Map<string, Meaning>();
  const known = ofType.get(argument);
  if (known !== undefined) return known;
  const property = findProperty(type, RENAMED[`${type}.${argument}`] ?? argument);
  const meaning: Meaning = {
    property,
    inlined: INLINED.has(`${type}.${argument}`),
    octal: property !== undefined && OCTAL.has(`${type}.${property.name}`),
  };
  meanings.set(type, ofType.set(argument, meaning));
  return meaning;
}
