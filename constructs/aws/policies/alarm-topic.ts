import { type PolicyDocument, policyDocument } from './document';

/**
 * Who may publish to a topic of alarms: EventBridge, CloudWatch and buckets of this account. EventBridge knows no
 * conditions here.
 */
export function alarmTopicPolicy({
  account,
  topicArn,
}: {
  readonly topicArn: string;
  readonly account: string;
}): PolicyDocument {
  return policyDocument(
    {
      Sid: 'Events',
      Effect: 'Allow',
      Principal: { Service: ['events.amazonaws.com'] },
      Action: ['sns:Publish'],
      Resource: [topicArn],
    },
    {
      Sid: 'AlarmsAndBuckets',
      Effect: 'Allow',
      Principal: { Service: ['cloudwatch.amazonaws.com', 's3.amazonaws.com'] },
      Action: ['sns:Publish'],
      Resource: [topicArn],
      Condition: { StringEquals: { 'aws:SourceAccount': [account] } },
    },
  );
}
