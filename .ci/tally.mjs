/**
 * Sums jest's results: `node tally.mjs <runs expected> <directory of results>`. A run that left no results, a test that failed,
 * was skipped or a file that did not even load all count against the change.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [expectedRuns, directory] = process.argv.slice(2);
const runs = readdirSync(directory).map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')));
const sum = (count) => runs.reduce((total, run) => total + count(run), 0);

const passed = sum((run) => run.numPassedTests);
const failed = sum((run) => run.numFailedTests + run.numRuntimeErrorTestSuites);
const skipped = sum((run) => run.numPendingTests + run.numTodoTests);
const missing = Number(expectedRuns) - runs.length;
const empty = runs.filter((run) => run.numTotalTests === 0).length;

if (skipped > 0) console.log(`${skipped} skipped`);
if (missing > 0) console.log(`${missing} of ${expectedRuns} test runs left no results`);
if (empty > 0) console.log(`${empty} test runs found no test`);
for (const { name, status, assertionResults } of runs.flatMap((run) => run.testResults)) {
  const failures = assertionResults.filter((result) => result.status === 'failed').map((result) => result.fullName);
  if (status === 'failed' && failures.length === 0) failures.push('did not load');
  for (const failure of failures) console.log(`failed: ${relative('.', name)}: ${failure}`);
}
process.exitCode = failed + skipped + missing + empty > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
