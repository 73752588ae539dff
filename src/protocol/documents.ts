/** The documents that travel inside replies, as schemas: types, validation in tests and the reference all come from here. */
import * as v from 'valibot';
import { mapping } from '../session/mapping.js';

const doc = v.description;
const text = (about: string) => v.pipe(v.string(), doc(about));
const count = (about: string) => v.pipe(v.number(), doc(about));
const list = <T extends v.GenericSchema>(item: T, about: string) => v.pipe(v.array(item), v.readonly(), doc(about));
const time = (about: string) => v.pipe(v.string(), v.isoTimestamp(), doc(about));

export const SessionSummary = v.object({
  id: text('Session id.'),
  name: text('Name; unique among open sessions.'),
  state: v.pipe(v.picklist(['open', 'closed']), doc('A closed session takes no evaluations until it is restored.')),
  closedBecause: v.pipe(v.nullable(v.picklist(['requested', 'expired'])), doc('Why it is closed; null while open.')),
  revision: count('Sequence number of the last journal entry.'),
  engine: text('Name of the engine, e.g. `embedded`.'),
  engineState: v.pipe(
    v.picklist(['none', 'starting', 'idle', 'busy']),
    doc('`none`: no engine process; the next evaluation starts one and restores the session into it.'),
  ),
  owner: text('Client that created it.'),
  labels: v.pipe(mapping(v.string(), v.string()), doc('Labels.')),
  ttlMs: v.pipe(v.nullable(v.number()), doc('Closes after this long without activity; null for never.')),
  expiresAt: v.pipe(v.nullable(v.string()), doc('When it will close if nothing happens; null for never.')),
  createdAt: time('When it was created.'),
  updatedAt: time('When its last entry was written.'),
  evaluations: count('Evaluations with an outcome.'),
  errors: count('Evaluations with another outcome than `value`.'),
  pending: count('Evaluations accepted and not yet answered.'),
  bindings: count('Workspace bindings known to the journal.'),
  bytes: count('Stored size of journal and snapshots.'),
});
export type SessionSummary = v.InferOutput<typeof SessionSummary>;

export const EvaluationError = v.object({
  class: text('Smalltalk class of the exception; `SyntaxError` for code that does not parse.'),
  message: text('Its message text.'),
  line: v.exactOptional(v.pipe(v.number(), doc('1-based line in the evaluated source, where known.'))),
  column: v.exactOptional(v.pipe(v.number(), doc('1-based column, where known.'))),
  stack: list(v.string(), 'Smalltalk frames, innermost first.'),
});

export const BindingReport = v.object({
  name: text('Binding.'),
  fidelity: v.pipe(
    v.picklist(['live', 'snapshot', 'replayed', 'lost']),
    doc('`live`: never left the engine. `snapshot`: as saved. `replayed`: its input ran again. `lost`: gone.'),
  ),
  reason: v.exactOptional(v.pipe(v.string(), doc('Why; always there for `lost`.'))),
});

export const InputReference = v.object({
  revision: count('Revision of the input.'),
  code: text('What was evaluated.'),
  unknown: v.pipe(v.boolean(), doc('Its outcome is unknown: it may have run in part.')),
});

export const RestoreReport = v.object({
  session: text('Session id.'),
  name: text('Session name.'),
  revision: count('Revision of the session after the restore.'),
  plan: v.pipe(v.boolean(), doc('True when nothing was done.')),
  bindings: list(BindingReport, 'Every binding, by name.'),
  classes: list(v.string(), 'Classes that the session defined or extended.'),
  replayed: list(InputReference, 'Inputs that ran again (or would).'),
  notReplayed: list(InputReference, 'Inputs that no snapshot covers and that did not run again.'),
  lost: list(v.string(), 'Names of the lost bindings.'),
  snapshotBytes: count('Bytes of snapshots loaded (or to load).'),
  durationMs: count('Time taken.'),
});
export type RestoreReport = v.InferOutput<typeof RestoreReport>;

export const Evaluation = v.object({
  key: text('Idempotency key.'),
  session: text('Session id.'),
  revision: count('Revision of the output; of the input while there is none.'),
  time: time('When it was accepted.'),
  client: text('Client that asked.'),
  code: text('What was evaluated.'),
  outcome: v.pipe(
    v.picklist(['value', 'error', 'interrupted', 'unknown', 'queued']),
    doc('`unknown`: the engine died in the middle. `queued`: accepted, not answered yet.'),
  ),
  printString: v.pipe(v.nullable(v.string()), doc("The result's print string; null unless the outcome is `value`.")),
  class: v.pipe(v.nullable(v.string()), doc("The result's class.")),
  transcript: text('What the code wrote to the Transcript.'),
  durationMs: v.pipe(v.nullable(v.number()), doc('Time spent evaluating and printing.')),
  error: v.pipe(v.nullable(EvaluationError), doc('What went wrong; null for a value.')),
  deferred: list(v.string(), 'Changed bindings too big to be saved at once; saved when idle.'),
});

export const EvaluationResult = v.object({
  ...Evaluation.entries,
  fromJournal: v.pipe(v.boolean(), doc('The key was answered before; nothing ran now.')),
  restored: v.pipe(
    v.nullable(RestoreReport),
    doc('What a restore brought back, when this evaluation found no engine and started one.'),
  ),
});
export type EvaluationResult = v.InferOutput<typeof EvaluationResult>;

export const Inspection = v.object({
  class_name: text('Class of the object.'),
  string_representation: text('Its print string.'),
  size: v.pipe(v.nullable(v.number()), doc('Number of elements of a collection.')),
});
