import { resolveRules } from '../../constructs/alerts';
import { runbookTemplate } from '../../constructs/alerts/files';
import { render } from '../../constructs/alerts/template';
import {
  CERTIFICATE_ALERTS,
  type CertificateSubject,
} from '../../constructs/certificates/alerts/certificate/catalogue';
import { Duration } from '../../constructs/core';
import { ALERTING, describeCatalogue } from '../alerts/catalogue';

const certificate = { namespace: 'shop', secretName: 'shop-tls', issuer: 'ClusterIssuer/letsencrypt' };

describeCatalogue(CERTIFICATE_ALERTS, [
  { ...certificate, name: 'ninety-days', renewBefore: Duration.days(30) },
  { ...certificate, name: 'a-day', renewBefore: Duration.hours(8), reloads: true },
]);

test('the runbook has whoever serves a certificate restarted, unless it loads a new one by itself', () => {
  const template = runbookTemplate(CERTIFICATE_ALERTS.directory, 'CertificateRenewal') ?? '';
  const runbook = (different: Partial<CertificateSubject>) => {
    const subject = { ...certificate, name: 'shop-tls', renewBefore: Duration.days(30), ...different };
    const [rule] = resolveRules(CERTIFICATE_ALERTS, subject, ALERTING);
    return render(template, rule?.variables ?? {});
  };
  const servedBy = { workload: 'deployment/front', namespace: 'shop' };
  expect(runbook({ servedBy })).toContain('kubectl rollout restart --namespace shop deployment/front');
  expect(runbook({ servedBy })).not.toContain('by itself, within');
  expect(runbook({})).toContain('Restart it, one pod after the other');
  expect(runbook({ reloads: true })).toContain('nothing has to be restarted');
  expect(runbook({ reloads: true })).not.toMatch(/rollout|Restart it/);
});
