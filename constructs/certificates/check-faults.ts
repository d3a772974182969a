import type { Duration, Finding, Schedule } from '../core';
import { isPushTarget } from '../pushgateway';
import type { CertificateCheckProps } from './check';
import {
  DEFAULT_WARN_BEFORE,
  type EndpointTarget,
  isWorkload,
  RUN_LIMIT,
  type SecretTarget,
  START_TLS,
} from './targets';
import { tiers } from './tiers';

/** What is wrong with a check. */
export function checkCheck(props: CertificateCheckProps, schedule: Schedule): Finding[] {
  const { endpoints = [], secrets = [], warnBefore = DEFAULT_WARN_BEFORE } = props;
  const findings: Finding[] = [...schedule.faults('schedule')];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    findings.push({
      rule: 'certificates/check',
      message: `${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  if (!isLabel(props.name) || props.name.length > 30)
    wrong(
      'name',
      props.name,
      'it is part of the names of objects',
      'lower case letters, digits and -, at most 30',
    );
  if (endpoints.length + secrets.length === 0)
    wrong('endpoints', [], 'nothing would be looked at', 'declare an endpoint or a Secret');
  if (props.pushgateway !== undefined && !isPushTarget(props.pushgateway))
    wrong('pushgateway', props.pushgateway, 'it is no URL', 'for example http://pushgateway.monitoring:9091');
  if (props.alerting !== undefined && props.pushgateway === undefined)
    wrong(
      'pushgateway',
      null,
      'its alerts would read metrics that nobody has',
      'give a Pushgateway, or the URL of one that Prometheus scrapes with honorLabels, or leave alerting out',
    );

  const names = new Map<string, string>();
  const gap = findings.some(({ rule }) => rule === 'schedule/invalid') ? undefined : schedule.longestGap();
  const common = (at: string, target: EndpointTarget | SecretTarget): void => {
    const known = names.get(target.name);
    if (known !== undefined)
      wrong(`${at}.name`, target.name, `${known} has it, too`, 'give each a name of its own');
    else names.set(target.name, at);
    if (!isLabel(target.name))
      wrong(
        `${at}.name`,
        target.name,
        'it names files and is a label',
        'lower case letters, digits and -, at most 63',
      );
    for (const [index, host] of (target.hostNames ?? []).entries())
      if (!isHost(host))
        wrong(`${at}.hostNames[${index}]`, host, 'that is no host', 'give a name or an address');
    findings.push(...tooRare(at, target.warnBefore ?? warnBefore, gap));
    const { authority } = target;
    if (
      authority !== undefined &&
      'pem' in authority &&
      !authority.pem.includes('-----BEGIN CERTIFICATE-----')
    )
      wrong(`${at}.authority.pem`, '…', 'it holds no certificate', 'give the authority’s certificate in PEM');
    if (authority !== undefined && 'secret' in authority) noPrivateKey(`${at}.authority.key`, authority.key);
  };
  const noPrivateKey = (property: string, key: string | undefined): void => {
    if (key !== undefined && /\.key$|^private/i.test(key))
      wrong(
        property,
        key,
        'that is a private key, and the check must not have one',
        "give the certificate's key: tls.crt",
      );
  };
  for (const [index, endpoint] of endpoints.entries()) {
    const at = `endpoints[${index}]`;
    common(at, endpoint);
    const { host, port = 443, servedBy, serverName, serves, startTls } = endpoint;
    if (!isHost(host))
      wrong(`${at}.host`, host, 'that is no host', 'give a name or an address, without port and scheme');
    if (serverName !== undefined && !isHost(serverName))
      wrong(`${at}.serverName`, serverName, 'that is no host', 'give the name that clients ask for');
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      wrong(`${at}.port`, port, 'it must be from 1 to 65535', 'leave it out for 443');
    if (startTls !== undefined && !START_TLS.includes(startTls))
      wrong(`${at}.startTls`, startTls, 'openssl knows it not', `one of ${START_TLS.join(', ')}`);
    if (servedBy !== undefined && !isWorkload(servedBy))
      wrong(
        `${at}.servedBy.workload`,
        servedBy.workload,
        'kubectl cannot restart that',
        'for example deployment/front',
      );
    if (serves !== undefined && !secrets.some(({ name }) => name === serves))
      wrong(
        `${at}.serves`,
        serves,
        'no target of secrets has this name',
        'declare the Secret that the server reads',
      );
  }
  for (const [index, secret] of secrets.entries()) {
    common(`secrets[${index}]`, secret);
    noPrivateKey(`secrets[${index}].key`, secret.key);
  }
  return findings;
}

/** A result has to be there twice before somebody is woken by it, and time has to be left then. */
function tooRare(at: string, warnBefore: Duration, gap: Duration | undefined): Finding[] {
  const { critical } = tiers(warnBefore.toSeconds());
  if (gap === undefined || critical >= 2 * gap.plus(RUN_LIMIT).toSeconds()) return [];
  return [
    {
      rule: 'certificates/check',
      message: `${at}.warnBefore is ${warnBefore.human()}; the check runs every ${gap.human()}, which may be too late`,
      fix: 'let it run more often, or warn earlier: the last 7/30 of warnBefore have to be longer than two runs',
    },
  ];
}

function isLabel(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}

function isHost(text: string): boolean {
  return /^(\[?[0-9a-fA-F:]+\]?|[A-Za-z0-9*_]([-A-Za-z0-9_.]*[A-Za-z0-9.])?)$/.test(text);
}
