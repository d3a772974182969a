import type { EscrowFile } from '../escrow';
import type { Item } from './item';
import type { Kit } from './kit';
import type { Apart } from './stack';
import type { KitVariable } from './variables';

/** The page that somebody reads at three in the morning: what is needed, what to type, what is missing. */
export function readme(
  kit: Omit<Kit, 'files'>,
  layers: readonly (ReadLayer & { readonly items: readonly Item[] })[],
  escrow?: EscrowFile,
): string {
  const helm = kit.releases.length > 0;
  return [
    `# Recovery kit of ${kit.environment}`,
    '',
    `The whole of \`${kit.environment}\` as plain Kubernetes manifests, in the order in which they are applied. It needs no Terraform, no state and no registry of providers. It is generated at every synth: change the program, not these files.`,
    '',
    '## What is needed',
    '',
    '- a cluster, and a kubeconfig for it (`KUBECONFIG`, or `--context`)',
    `- bash, coreutils and kubectl${helm ? ', and helm 3.13 or later with access to the charts' : ''}`,
    '- the images in `images.txt`, where the cluster can pull them',
    '- the values below, in the environment',
    '',
    '## How to run it',
    '',
    '```sh',
    './apply --dry-run   # the API server checks everything, nothing is changed',
    './apply             # applies; run it again as often as needed',
    './apply --help',
    '```',
    '',
    'Before its first object, `apply` checks that every value is there and is no placeholder, and names all that are not. Values go to the API server over a pipe: none is written to a file or shown among the processes. Files that end in `.yaml.template` hold markers where values belong; only `apply` can use them.',
    '',
    ...keysSection(kit.variables),
    ...variablesSection(kit.variables),
    ...escrowSection(escrow),
    '## Layers',
    '',
    '| layer | objects |',
    '| --- | --- |',
    ...layers.map((layer) => `| ${layer.name} | ${layer.items.length} |`),
    '',
    ...veleroSection(layers),
    ...watchingSection(layers),
    ...secretsSection(kit),
    ...releasesSection(kit),
    '## Not in the kit',
    '',
    ...(kit.outside.length === 0
      ? ['Everything that the program declares is in it.']
      : [
          'These must be there already, or be made by other means:',
          '',
          ...kit.outside.map((address) => `- \`${address}\``),
        ]),
    '',
    '## Afterwards',
    '',
    'The objects carry the field manager `Terraform`, so that Terraform can take them back: import them, then deploy as usual. Never import a Secret, since its values would end in the state: delete it in the same maintenance window, and let the deployment make it again.',
    '',
  ].join('\n');
}

interface ReadLayer {
  readonly name: string;
  readonly apart: Apart | undefined;
}

function veleroSection(layers: readonly ReadLayer[]): readonly string[] {
  if (layers.every(({ apart }) => apart !== 'velero')) return [];
  return [
    "Velero's location and schedules come after everything that must not wait for Velero. Unless `TF_VAR_velero_access_mode` and `TF_VAR_velero_paused` say otherwise, the location is read-only and the schedules are paused: an empty cluster must not be backed up over what is to be restored, and no backup be deleted because it expired meanwhile. `npm run velero -- ENVIRONMENT restore` brings the objects and volumes back, and ends both. When this layer cannot be applied, everything else is complete, and the exit status is 3; put it right, then `./apply --velero`.",
    '',
  ];
}

/** What may be missing without anything being lost: who reads this has other things to do first. */
function watchingSection(layers: readonly ReadLayer[]): readonly string[] {
  const names = layers.filter(({ apart }) => apart === 'watches').map(({ name }) => `\`${name}\``);
  if (names.length === 0) return [];
  return [
    `${names.join(', ')} only watches the others, and is applied after them. When it cannot be, for want of an operator's definitions, a namespace or a value, everything else is complete: \`apply\` says so last, and its exit status is 3 (1 when anything else is in the way). Put it right in your own time, then \`./apply --monitoring\`.`,
    '',
  ];
}

/** `apply` knows no vault, so what fences the lost cluster is left to whoever runs it. */
function keysSection(variables: readonly KitVariable[]): readonly string[] {
  if (!variables.some(({ secret }) => secret)) return [];
  return [
    'After a loss, give it keys to the backups that the lost cluster never had: make new ones in the store, and revoke the old ones first. `npm run deploy` sees to that, `apply` does not, and a lost cluster that wakes up with its keys writes into the backups.',
    '',
  ];
}

function variablesSection(variables: readonly KitVariable[]): readonly string[] {
  if (variables.length === 0) return ['## Values', '', 'None.', ''];
  return [
    '## Values',
    '',
    '| environment variable | when it is not set | what it is |',
    '| --- | --- | --- |',
    ...variables.map((variable) => {
      const unset =
        variable.fallback === undefined
          ? 'nothing is applied'
          : `${variable.fallback === '' ? 'the empty text' : `\`${variable.fallback.replaceAll('\n', '\\n')}\``} is used`;
      const notes = [
        variable.secret ? 'secret' : '',
        variable.description,
        // Of a secret, `apply` checks what Terraform would: that it is there and is no placeholder.
        ...(variable.secret
          ? []
          : variable.conditions.map((condition) => `not checked by \`apply\`: ${condition}`)),
      ];
      return `| \`TF_VAR_${variable.name}\` | ${cell(unset)} | ${cell(notes.filter(Boolean).join('. '))} |`;
    }),
    '',
  ];
}

/** Where the values are when nobody has them: with the standard tools, since this may be all that is left. */
function escrowSection(escrow: EscrowFile | undefined): readonly string[] {
  if (escrow === undefined) return [];
  const existing = escrow.secrets.filter((secret) => 'secret' in secret);
  return [
    '## Values that nobody has at hand',
    '',
    `${escrow.recipients.map(({ name }) => name).join(', ')}: each of them alone can open the escrow, the newest \`.age\` file below \`escrow/${escrow.environment}/\` in the vault's bucket. It holds ${escrow.secrets.map(({ name }) => name).join(', ')}. With age and jq:`,
    '',
    '```sh',
    'source <(age -d -i identity.txt FILE.age | jq -r \'.secrets[] | select(.variable) | "export \\(.variable)=\\(.value | @sh)"\')',
    '```',
    '',
    ...(existing.length === 0
      ? []
      : [
          `${existing.map(({ name }) => name).join(', ')}: \`.secret\` in the same file says which Secret holds the value; make it by hand before \`apply\`.`,
          '',
        ]),
  ];
}

function secretsSection(kit: Omit<Kit, 'files'>): readonly string[] {
  const inCluster = kit.secrets.filter((secret) => secret.filledBy === 'cluster');
  if (kit.secrets.length === 0) return [];
  return [
    '## Secrets',
    '',
    '`secrets.json` says which key of which Secret comes from which variable.',
    ...(inCluster.length === 0
      ? []
      : [
          '',
          'These are made empty and are filled by a job in the cluster; applying the kit again leaves their data alone:',
          '',
          ...inCluster.map((secret) => `- \`${secret.namespace}/${secret.name}\``),
        ]),
    '',
  ];
}

function releasesSection(kit: Omit<Kit, 'files'>): readonly string[] {
  if (kit.releases.length === 0) return [];
  return [
    '## Helm releases',
    '',
    '| release | chart | version |',
    '| --- | --- | --- |',
    ...kit.releases.map(
      (release) =>
        `| ${release.namespace}/${release.name} | ${cell([release.repository, release.chart].filter(Boolean).join(' '))} | ${release.version} |`,
    ),
    '',
    'Their images are chosen by the charts and are not in `images.txt`: `helm template` shows them.',
    '',
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
