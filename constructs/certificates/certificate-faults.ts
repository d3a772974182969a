import { isIP } from 'node:net';
import { Duration, type Finding } from '../core';
import { type CertificateProps, lifeOf } from './certificate';
import { CertificateIssuer } from './issuer';
import { isWorkload } from './targets';

/** cert-manager's own limits. */
const SHORTEST_LIFE = Duration.hours(1);
const SHORTEST_RENEWAL = Duration.minutes(5);

/** What is wrong with a certificate. */
export function checkCertificate(props: CertificateProps): Finding[] {
  const { commonName, dnsNames = [], ipAddresses = [], isCa = false, issuer, uris = [] } = props;
  const findings: Finding[] = [];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    findings.push({
      rule: 'certificates/certificate',
      message: `${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  for (const property of ['name', 'namespace', 'secretName'] as const) {
    const value = props[property];
    if (value !== undefined && !/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(value))
      wrong(property, value, 'Kubernetes does not take it', 'lower case letters, digits and -, at most 63');
  }
  if (dnsNames.length + ipAddresses.length + uris.length === 0 && commonName === undefined)
    wrong('dnsNames', [], 'it would be for nobody', 'name the server, or give a client its commonName');
  if (commonName !== undefined && (commonName === '' || commonName.length > 64))
    wrong('commonName', commonName, 'it must have 1 to 64 characters', 'put long names into dnsNames alone');
  for (const [index, name] of dnsNames.entries())
    if (!/^(\*\.)?[a-z0-9_]([-a-z0-9_.]{0,251}[a-z0-9])?$/i.test(name))
      wrong(
        `dnsNames[${index}]`,
        name,
        'that is no name',
        'letters, digits, - and ., a wildcard in front at most',
      );
  for (const [index, address] of ipAddresses.entries())
    if (isIP(address) === 0)
      wrong(`ipAddresses[${index}]`, address, 'that is no address', 'for example 192.0.2.1');

  const { duration, renewBefore } = lifeOf(props);
  if (SHORTEST_LIFE.isLongerThan(duration))
    wrong(
      'duration',
      duration.human(),
      'cert-manager takes no less than an hour',
      'at least Duration.hours(1)',
    );
  if (SHORTEST_RENEWAL.isLongerThan(renewBefore))
    wrong(
      'renewBefore',
      renewBefore.human(),
      'cert-manager takes no less than 5 minutes',
      'leave it out for a third',
    );
  if (!duration.isLongerThan(renewBefore))
    wrong(
      'renewBefore',
      renewBefore.human(),
      `it is valid for ${duration.human()} alone`,
      'leave it out for a third',
    );
  if (props.servedBy !== undefined && props.servedBy !== 'itself' && !isWorkload(props.servedBy))
    wrong(
      'servedBy.workload',
      props.servedBy.workload,
      'kubectl cannot restart that',
      'for example deployment/front',
    );
  if (props.recreatable !== undefined && !isCa)
    wrong('recreatable', props.recreatable, 'what is no authority is always made anew', 'leave it out');

  const by = issuer instanceof CertificateIssuer ? issuer.props.by : undefined;
  if (by !== undefined && 'acme' in by) {
    if (isCa)
      wrong('isCa', true, 'no ACME authority signs another authority', 'use a CA of your own, or a Vault');
    const wildcard = dnsNames.find((name) => name.startsWith('*.'));
    if (wildcard !== undefined && !by.acme.solvers.some((solver) => 'dns01' in solver))
      wrong(
        'dnsNames',
        wildcard,
        'its issuer has no dns01 solver, and a wildcard needs one',
        'add a dns01 solver',
      );
  }
  if (issuer instanceof CertificateIssuer) {
    const { namespace } = issuer.props;
    if (namespace !== undefined && namespace !== props.namespace)
      wrong(
        'namespace',
        props.namespace,
        `its issuer serves ${namespace} alone`,
        'put it there, or use a ClusterIssuer',
      );
  }
  return findings;
}
