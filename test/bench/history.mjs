/**
 * Histories as a backend would have written them, written straight into a journal: a hundred thousand entries in seconds.
 * What is in them comes from a real engine, which ran one working session's script; the script is then repeated.
 */
import { createHash, randomUUID } from 'node:crypto';

/** An ordinary hour: looking things up, changing bindings, defining a class and using it, mistakes. */
const SCRIPT = [
  '3 + 4',
  "prices := Dictionary new. prices at: 'apple' put: 3; at: 'pear' put: 5. prices",
  "prices at: 'apple'",
  "prices at: 'plum' ifAbsent: [0]",
  'total := 0',
  'prices values do: [:each | total := total + each]',
  'total printString',
  '(1 to: 10) inject: 0 into: [:sum :each | sum + (each * each)]',
  'words := OrderedCollection new',
  "words add: 'durable'; add: 'sessions'; yourself",
  'words collect: [:each | each size]',
  "Transcript show: 'checking'; cr. words size",
  'words first reversed',
  'nobody frobnicate',
  "Object subclass: #Account slots: {#balance} package: 'Bench'",
  "Account compile: 'balance ^ balance ifNil: [0]' protocol: 'accessing'",
  "Account compile: 'deposit: amount balance := self balance + amount' protocol: 'operations'",
  'account := Account new',
  'account deposit: 100; deposit: 20',
  'account balance',
  'account deposit: total',
  'account balance > 100',
  '#(3 1 2) sorted',
  '100 factorial',
];

/** Between two evaluations of a person who thinks in between. */
const PACE_MS = 5_000;

/** Runs the script once. @returns each evaluation with its outcome, and a full capture of the state at the end */
export async function recordScript({ engine: bundle, engineCache, sources }) {
  const { settings } = sources;
  const factory = sources.createEmbeddedEngineFactory({ bundle, cacheDir: engineCache });
  const engine = await factory.start('benchmark');
  try {
    const evaluations = [];
    for (const code of SCRIPT) {
      const reply = await engine.evaluate({
        code,
        timeoutMs: settings.DEFAULT_TIMEOUT_MS,
        printLimit: settings.PRINT_LIMIT,
        budget: { maxBytes: settings.CAPTURE_MAX_BYTES, maxObjects: settings.CAPTURE_MAX_OBJECTS },
      });
      evaluations.push({ code, reply });
    }
    return { evaluations, full: await engine.capture('full') };
  } finally {
    await engine.stop();
    await factory.close();
  }
}

/**
 * Writes a session until it is as long as asked for, to the end of an evaluation. Takes checkpoints and full snapshots
 * when a backend would.
 * @param isLongEnough decides by the session's state, which is the fold of its entries
 * @returns the session's id
 */
export async function writeHistory(journal, script, { fold, settings }, isLongEnough) {
  const id = randomUUID();
  const client = randomUUID();
  let time = Date.parse('2026-01-01T09:00:00Z');
  const draft = (body, blob, by = client) => ({ client: by, time: new Date(time).toISOString(), body, blob });
  let state;
  let checkpointed = 0;
  const append = async (drafts) => {
    const stored = await journal.append(id, drafts);
    state = fold(
      stored.map(({ entry }) => entry),
      state,
    );
    if (state.revision - checkpointed < settings.CHECKPOINT_EVERY) return;
    checkpointed = state.revision;
    const { hash } = stored.at(-1);
    journal.saveCheckpoint(id, { revision: state.revision, hash, state: JSON.stringify(state) });
  };

  await append([draft({ type: 'created', id, name: 'bench', engine: 'embedded', labels: {} })]);
  while (!isLongEnough(state)) {
    // Appended one run of the script at a time, which changes nothing in the file but takes a fraction of the syncs.
    const drafts = [];
    let { revision, evaluations } = state;
    for (const { code, reply } of script.evaluations) {
      const { capture, ...outcome } = reply;
      const key = randomUUID();
      drafts.push(draft({ type: 'input', key, code, timeoutMs: settings.DEFAULT_TIMEOUT_MS }));
      drafts.push(draft({ type: 'output', key, ...outcome }, undefined, 'backend'));
      if (capture) drafts.push(snapshotDraft(draft, capture));
      time += PACE_MS;
      revision = state.revision + drafts.length;
      evaluations += 1;
      if (isLongEnough({ revision, evaluations })) break;
    }
    if (state.snapshots.length > settings.MAX_CHANGE_SNAPSHOTS) drafts.push(snapshotDraft(draft, script.full));
    await append(drafts);
  }
  return id;
}

function snapshotDraft(draft, { data, ...capture }) {
  const blob = Buffer.from(data);
  const digest = createHash('sha256').update(blob).digest('hex');
  return draft({ type: 'snapshot', digest, bytes: blob.length, ...capture }, blob, 'backend');
}
