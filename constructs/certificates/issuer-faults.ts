import { type Finding, SecretRef } from '../core';
import type { CertificateIssuerProps } from './issuer';
import { acmeServer, type Issuance, issuerSpec } from './issuer-spec';

/** What is wrong with an issuer. */
export function checkIssuer({ by, name, namespace }: CertificateIssuerProps): Finding[] {
  const findings: Finding[] = [];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    findings.push({
      rule: 'certificates/issuer',
      message: `${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  for (const [property, value] of Object.entries({ name, namespace }))
    if (value !== undefined && !isName(value))
      wrong(property, value, 'Kubernetes does not take it', 'lower case letters, digits and -, at most 63');
  issuerSpec(name, by, (entry, reference) => {
    findings.push(...SecretRef.faults(reference, `by: ${entry}`));
    return { name: '', key: '' };
  });
  if ('ca' in by) findings.push(...pairFaults(by));
  if ('vault' in by && !isHttps(by.vault.server))
    wrong(
      'by.vault.server',
      by.vault.server,
      'it is no https URL',
      'for example https://vault.example.com:8200',
    );
  if (!('acme' in by)) return findings;

  const { server, solvers } = by.acme;
  if (!isHttps(acmeServer(server)))
    wrong(
      'by.acme.server',
      server,
      'it is no https URL',
      'letsencrypt, letsencrypt-staging, or a directory’s URL',
    );
  if (solvers.length === 0)
    wrong(
      'by.acme.solvers',
      solvers,
      'nothing could ever be issued',
      "for example [{ http01: { ingressClass: 'nginx' } }]",
    );
  for (const [index, solver] of solvers.entries()) {
    const wildcard = [...(solver.dnsNames ?? [])].find((dnsName) => dnsName.startsWith('*.'));
    if ('http01' in solver && wildcard !== undefined)
      wrong(
        `by.acme.solvers[${index}].dnsNames`,
        wildcard,
        'no web server can show that',
        'use dns01 for wildcards',
      );
  }
  return findings;
}

/** cert-manager reads both from one Secret, by fixed keys. */
function pairFaults(by: Extract<Issuance, { ca: unknown }>): Finding[] {
  const { certificate, key } = by.ca;
  if (!SecretRef.is(certificate) || !SecretRef.is(key)) return [];
  const bad = (message: string): Finding[] => [
    {
      rule: 'certificates/issuer',
      message,
      fix: "SecretRef.existing({ name, key: 'tls.crt' }) and 'tls.key' of the same Secret, or two variables",
    },
  ];
  if (certificate.kind !== key.kind) return bad('by.ca has a certificate and a key from different places');
  if (certificate.kind === 'variable' || key.kind === 'variable') return [];
  if (certificate.name !== key.name) return bad('by.ca has a certificate and a key from two Secrets');
  if (certificate.key !== 'tls.crt' || key.key !== 'tls.key')
    return bad('by.ca is not under the keys tls.crt and tls.key, where cert-manager looks');
  return [];
}

function isName(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(text);
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}
