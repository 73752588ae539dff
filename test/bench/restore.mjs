/**
 * Coming back: a backend starts on the journal of a session and restores it. How long the journal is should not matter,
 * so the baseline is a session of ten entries.
 */
import { startBackend } from './backend-process.mjs';
import { recordScript, writeHistory } from './history.mjs';
import { median, rounded } from './statistics.mjs';

const LENGTHS = [10, 1_000, 100_000];

/** Odd, so that the median has as many measurements above it as below. */
const ROUNDS = 7;

const WARM_UP_ROUNDS = 1;

export async function benchRestore({ scope, installation, progress }) {
  const { openSqliteJournal } = installation.sources;
  const script = await recordScript(installation);
  const cases = [];
  for (const entries of LENGTHS) {
    progress(`writing a journal of ${entries} entries`);
    const directory = scope.directory();
    const journal = openSqliteJournal({ directory });
    const isLongEnough = ({ revision }) => revision >= entries;
    const session = await writeHistory(journal, script, installation.sources, isLongEnough);
    await journal.close();
    cases.push({ entries, directory, session, start: [], restore: [] });
  }
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    progress(`round ${round + WARM_UP_ROUNDS + 1} of ${ROUNDS + WARM_UP_ROUNDS}`);
    for (const { directory, session, start, restore } of cases) {
      const { startMs, restoreMs } = await restoreOnce(scope, installation, directory, session);
      if (round < 0) continue;
      start.push(startMs);
      restore.push(restoreMs);
    }
  }
  const [shortest] = cases;
  return cases.map(({ entries, start, restore }) => ({
    entries,
    rounds: ROUNDS,
    startToFirstAnswerMs: rounded(median(start)),
    startRatio: rounded(median(start) / median(shortest.start)),
    restoreToReportMs: rounded(median(restore)),
    restoreRatio: rounded(median(restore) / median(shortest.restore)),
  }));
}

async function restoreOnce(scope, installation, directory, session) {
  const startedAt = performance.now();
  const { client, stop } = await startBackend(scope, installation, directory);
  try {
    await client.request('get_session_info', { session_id: session });
    const startMs = performance.now() - startedAt;
    const askedAt = performance.now();
    const { report } = await client.request('restore_session', { session_id: session });
    const restoreMs = performance.now() - askedAt;
    if (report.bindings.length === 0 || report.lost.length > 0) {
      throw new Error(`The restore did not bring everything back: lost ${report.lost.join(', ')}`);
    }
    return { startMs, restoreMs };
  } finally {
    await stop();
  }
}
