/** What a session's history takes on the disk, beside the bytes of its entries and snapshots themselves. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { recordScript, writeHistory } from './history.mjs';
import { rounded } from './statistics.mjs';

const EVALUATIONS = 10_000;

export async function benchStorage({ scope, installation }) {
  const directory = scope.directory();
  const script = await recordScript(installation);
  const journal = installation.sources.openSqliteJournal({ directory });
  const isLongEnough = ({ evaluations }) => evaluations >= EVALUATIONS;
  const session = await writeHistory(journal, script, installation.sources, isLongEnough);
  const { revision, bytes } = journal.session(session);
  // Closing folds the write-ahead log into the file.
  await journal.close();
  const fileBytes = statSync(join(directory, 'journal.sqlite')).size;
  return {
    evaluations: EVALUATIONS,
    entries: revision,
    contentBytes: bytes,
    fileBytes,
    ratio: rounded(fileBytes / bytes),
    fileBytesPerEvaluation: Math.round(fileBytes / EVALUATIONS),
  };
}
