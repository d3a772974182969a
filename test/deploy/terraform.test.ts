import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apply } from '../../deploy/engine';
import { applyMonitoring } from '../../deploy/monitoring';

/** Real cdktf and Terraform on stacks that need no provider: which of them an apply takes, and what it says of a fault. */
const terraform = spawnSync('terraform', ['version'], { env: { ...process.env, CHECKPOINT_DISABLE: '1' } });
const describeWithTerraform = terraform.status === 0 ? describe : describe.skip;

const APP = `
const { App, TerraformOutput, TerraformStack, TerraformVariable } = require('cdktf');
const app = new App();
const stacks = ['cluster', 'platform', 'extra', 'monitoring'].map((layer) => new TerraformStack(app, 'toy-' + layer));
for (const stack of stacks) new TerraformOutput(stack, 'answer', { value: 42 });
const [, platform, , monitoring] = stacks;
monitoring.addDependency(platform);
if (process.env.MISSING === 'yes') {
  const known = new TerraformVariable(monitoring, 'known', { default: 'Pod' });
  monitoring.addOverride('output.answer.precondition', {
    condition: '\${' + 'var.known == "PodMonitor"}',
    error_message: 'no matches for kind "PodMonitor" in group "monitoring.coreos.com"',
  });
}
new TerraformStack(app, 'other-platform');
app.synth();
`;

describeWithTerraform('by Terraform', () => {
  const directory = mkdtempSync(join(tmpdir(), 'terraform-stacks-'));
  const state = (stack: string) => existsSync(join(directory, `terraform.${stack}.tfstate`));
  const options = (variables: Readonly<Record<string, string>> = {}) => ({
    environment: 'toy',
    context: undefined,
    directory,
    variables,
    progress: () => undefined,
  });

  beforeAll(() => {
    symlinkSync(join(__dirname, '../../node_modules'), join(directory, 'node_modules'));
    writeFileSync(join(directory, 'app.js'), APP);
    writeFileSync(
      join(directory, 'cdktf.json'),
      JSON.stringify({
        language: 'typescript',
        app: 'node app.js',
        projectId: 'toy',
        sendCrashReports: 'false',
      }),
    );
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('every stack of the environment is applied but what watches it, which then is by itself', async () => {
    await apply('terraform', 'platform', options());
    expect(['cluster', 'platform', 'extra', 'monitoring'].map((layer) => state(`toy-${layer}`))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(state('other-platform')).toBe(false);
    expect(await applyMonitoring('terraform', options())).toBeUndefined();
    expect(state('toy-monitoring')).toBe(true);
  });

  test('kinds that the cluster does not know are found in what Terraform says', async () => {
    await apply('terraform', 'platform', options({ MISSING: 'yes' }));
    expect((await applyMonitoring('terraform', options({ MISSING: 'yes' })))?.message).toMatch(
      /^the platform is up; what watches it is not: the cluster does not know PodMonitor \(monitoring\.coreos\.com\) — FIX: /,
    );
  });

  test('an error is told in its own words, not in those of cdktf', async () => {
    writeFileSync(
      join(directory, 'app.js'),
      APP.replace('value: 42', "value: stack.node.id === 'toy-platform' ? '${nothing}' : 42"),
    );
    await expect(apply('terraform', 'platform', options())).rejects.toThrow(
      /^terraform could not apply toy: Invalid reference/,
    );
  });
});
