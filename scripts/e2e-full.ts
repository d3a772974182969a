import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every end-to-end test on real clusters, and a dated report of what each found, under `records/e2e`: about two
 * hours on two cores. Its exit code is jest's.
 */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { status: string; title: string; duration?: number | null }[];
  }[];
}

const startedAt = new Date().toISOString();
const folder = 'records/e2e';
mkdirSync(folder, { recursive: true });
const file = join(folder, `${startedAt.replaceAll(/[:.]/g, '-')}.json`);
const args = ['run', '--silent', 'e2e', '--', '--json', `--outputFile=${file}`, ...process.argv.slice(2)];
const { error, signal, status } = spawnSync('npm', args, { stdio: 'inherit' });
if (!existsSync(file)) {
  const how = error?.message ?? (signal === null ? `exit code ${status}` : signal);
  console.error(
    `ERROR jest wrote no results (${how}): no test has run to its end — FIX: read the lines above; \`npm run e2e\` shows them alone`,
  );
  process.exit(status === null || status === 0 ? 1 : status);
}

const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
const lines = results.testResults.flatMap(({ assertionResults, name }) => [
  '',
  name.split('/test/e2e/')[1] ?? name,
  ...assertionResults.map(
    ({ duration, status: how, title }) =>
      `  ${how.padEnd(8)}${(`${((duration ?? 0) / 1000).toFixed(1)} s`).padStart(9)}  ${title}`,
  ),
]);
const { numFailedTests, numPassedTests, numPendingTests } = results;
const report = [
  `End-to-end tests, ${startedAt}`,
  `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`,
  ...lines,
].join('\n');
writeFileSync(file.replace(/json$/, 'txt'), `${report}\n`);
console.log(`${report}\n\nThe record of it: ${file.replace(/json$/, 'txt')}`);
process.exitCode = status ?? 1;
