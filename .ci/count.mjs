// Adds up what the runs of jest found (their --json files) and the rehearsal's exit code.
import { readFileSync } from 'node:fs';

const [rehearsal, ...files] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const file of files) {
  try {
    const run = JSON.parse(readFileSync(file, 'utf8'));
    // A suite that could not even be loaded has no failed test to show for it.
    const broken = run.testResults.filter(
      (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
    );
    total.passed += run.numPassedTests;
    total.failed += run.numFailedTests + broken.length;
    total.skipped += run.numPendingTests;
  } catch {
    // Types or lint stopped it before the first test.
    total.failed += 1;
  }
}
if (rehearsal === '0') total.passed += 1;
else total.failed += 1;

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
