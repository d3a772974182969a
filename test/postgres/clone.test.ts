import { Duration, Size } from '../../constructs/core';
import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { databaseProps, REPOSITORY, secret } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

function synthesise(different: Partial<PostgresDatabaseProps> = {}): Template {
  return Template.of((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps(different));
  });
}

const jobOf = (template: Template): JsonObject =>
  object(get(template.named('kubernetes_cron_job_v1', 'orders-clone'), 'spec.job_template.spec') ?? {});
const podOf = (template: Template): JsonObject => object(get(jobOf(template), 'template.spec') ?? {});

describe('the template of a clone', () => {
  const template = synthesise();
  const job = jobOf(template);
  const pod = podOf(template);
  const container = byName(pod['container'], 'postgres');
  const labels = object(get(job, 'template.metadata.labels') ?? {});

  test('never runs by itself', () => {
    expect(get(template.named('kubernetes_cron_job_v1', 'orders-clone'), 'spec.suspend')).toBe(true);
  });

  test('is selected by nothing of the live database', () => {
    const selects = (selector: JsonObject): boolean =>
      Object.entries(selector).every(([key, value]) => labels[key] === value);
    const selectors = [
      ...[...template.resources('kubernetes_service_v1').values()].map((one) => get(one, 'spec.selector')),
      get(template.named('kubernetes_network_policy_v1', 'orders'), 'spec.pod_selector.match_labels'),
      get(
        template.named('kubernetes_network_policy_v1', 'orders'),
        'spec.ingress.1.from.0.pod_selector.match_labels',
      ),
      get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.selector.match_labels'),
    ];
    expect(selectors).toHaveLength(5);
    for (const selector of selectors) expect(selects(object(selector ?? {}))).toBe(false);
  });

  test('lets nobody in', () => {
    const policy = template.named('kubernetes_network_policy_v1', 'orders-clone');
    expect(get(policy, 'spec')).toEqual({
      pod_selector: { match_labels: labels },
      policy_types: ['Ingress'],
    });
  });

  test('keeps its data on a claim that goes with the pod, as large as the live one', () => {
    const claim = get(byName(pod['volume'], 'data'), 'ephemeral.volume_claim_template.spec');
    expect(claim).toEqual({
      access_modes: ['ReadWriteOnce'],
      resources: { requests: { storage: '10Gi' } },
    });
    const other = synthesise({ storage: Size.gibibytes(3), storageClass: 'fast' });
    expect(get(byName(podOf(other)['volume'], 'data'), 'ephemeral.volume_claim_template.spec')).toMatchObject(
      { resources: { requests: { storage: '3Gi' } }, storage_class_name: 'fast' },
    );
  });

  test('goes by itself: the clone after its life time, a Job that has ended after an hour, one that hangs too', () => {
    expect(byName(container['env'], 'CLONE_SECONDS')['value']).toBe('28800');
    expect(job['ttl_seconds_after_finished']).toBe('3600');
    expect(Number(job['active_deadline_seconds'])).toBeGreaterThan(28_800);
    expect(job['backoff_limit']).toBe(0);
    const brief = podOf(synthesise({ cloneLifetime: Duration.minutes(30) }));
    expect(byName(byName(brief['container'], 'postgres')['env'], 'CLONE_SECONDS')['value']).toBe('1800');
  });

  test('meets the restricted pod security standard, with a read-only root', () => {
    const live = get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.template.spec');
    expect(pod['security_context']).toEqual(get(live, 'security_context'));
    expect(container['security_context']).toEqual(get(live, 'container.0.security_context'));
    expect(pod['automount_service_account_token']).toBe(false);
  });

  test('reads with the pair of readers, where there is one', () => {
    const reader = { accessKey: secret('reader_access'), secretKey: secret('reader_secret') };
    const read = synthesise({ repositories: [{ ...REPOSITORY, reader }] });
    const keyOf = (of: Template, option: string) =>
      get(byName(byName(podOf(of)['container'], 'postgres')['env'], option), 'value_from.secret_key_ref.key');
    expect(keyOf(read, 'PGBACKREST_REPO1_S3_KEY')).toBe('READER_PGBACKREST_REPO1_S3_KEY');
    expect(keyOf(read, 'PGBACKREST_REPO1_S3_KEY_SECRET')).toBe('READER_PGBACKREST_REPO1_S3_KEY_SECRET');
    expect(keyOf(read, 'PGBACKREST_REPO1_CIPHER_PASS')).toBe('PGBACKREST_REPO1_CIPHER_PASS');
    expect(keyOf(template, 'PGBACKREST_REPO1_S3_KEY')).toBe('PGBACKREST_REPO1_S3_KEY');
  });

  test('knows the repository and neither the passwords of roles nor what a deploy says', () => {
    expect(JSON.stringify(container['env'])).toContain('PGBACKREST_REPO1_S3_KEY');
    const mounted = (container['volume_mount'] as JsonObject[]).map(({ name }) => name);
    expect(mounted).not.toContain('roles');
    expect(mounted).not.toContain('deploy');
    expect(container['port']).toBeUndefined();
  });
});
