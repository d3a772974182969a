import { type BucketArea, keyUse, listing, objectsOf } from './bucket-area';
import { type PolicyDocument, policyDocument, type Statement } from './document';

const LIST = ['s3:ListBucket'] as const;
const LOCATION = ['s3:GetBucketLocation'] as const;
const READ = ['s3:GetObject'] as const;
const WRITE = [
  's3:PutObject',
  // A writer of deduplicated data expires what it no longer needs; the version stays.
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
] as const;

/**
 * What an environment needs to keep backups below its prefix: list, read, write, expire. Neither versions nor settings:
 * what it deletes can be had back by somebody else.
 */
export function bucketWriterPolicy(area: BucketArea): PolicyDocument {
  return policyDocument(
    location(area, 'Locate'),
    listing(area, 'List', LIST),
    { Sid: 'ReadAndWrite', Effect: 'Allow', Action: [...READ, ...WRITE], Resource: [objectsOf(area)] },
    keyUse(area, 'UseKey', ['kms:Decrypt', 'kms:GenerateDataKey']),
  );
}

export interface BucketReaderProps extends BucketArea {
  /**
   * Earlier versions, too: to restore as of a time, or to look at what was deleted.
   * @default false - only what is there now
   */
  readonly versions?: boolean;
}

/** A restore, a clone or a drill: it reads below its prefix and changes nothing. */
export function bucketReaderPolicy(area: BucketReaderProps): PolicyDocument {
  const versions = area.versions ?? false;
  return policyDocument(
    location(area, 'Locate'),
    listing(area, 'List', versions ? [...LIST, 's3:ListBucketVersions'] : LIST),
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: versions ? [...READ, 's3:GetObjectVersion'] : READ,
      Resource: [objectsOf(area)],
    },
    keyUse(area, 'UseKey', ['kms:Decrypt']),
  );
}

export interface BucketMirrorProps {
  /** What is copied; only read. */
  readonly from: BucketArea;
  /** Where the copy is kept; its versions stay whatever the mirror does. */
  readonly to: BucketArea;
}

/** A mirror: it reads one area and keeps another like it. Who has its key cannot touch the original. */
export function bucketMirrorPolicy({ from, to }: BucketMirrorProps): PolicyDocument {
  return policyDocument(
    {
      Sid: 'Locate',
      Effect: 'Allow',
      Action: LOCATION,
      Resource: [...new Set([from.bucketArn, to.bucketArn])],
    },
    listing(from, 'ListSource', LIST),
    { Sid: 'ReadSource', Effect: 'Allow', Action: READ, Resource: [objectsOf(from)] },
    keyUse(from, 'UseKeyOfSource', ['kms:Decrypt']),
    listing(to, 'ListCopy', LIST),
    { Sid: 'WriteCopy', Effect: 'Allow', Action: [...READ, ...WRITE], Resource: [objectsOf(to)] },
    keyUse(to, 'UseKeyOfCopy', ['kms:Decrypt', 'kms:GenerateDataKey']),
  );
}

function location({ bucketArn }: BucketArea, sid: string): Statement {
  return { Sid: sid, Effect: 'Allow', Action: LOCATION, Resource: [bucketArn] };
}
