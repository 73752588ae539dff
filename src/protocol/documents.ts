/** The documents that travel inside replies, as schemas: types, validation in tests and the reference all come from here. */
import * as v from 'valibot';
import { mapping } from '../session/mapping.js';
import { RESTORE_STRATEGIES } from '../session/restore-plan.js';

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
  activeAt: time('When somebody last worked in it.'),
  conflicts: count('Changes to the context that wait for a decision.'),
  shared: v.pipe(
    v.nullable(v.array(v.string())),
    doc('Clients that may see it beside its owner; empty when there are none, null when all may.'),
  ),
  forkedFrom: v.pipe(
    v.nullable(v.object({ session: text('Id.'), name: text('Name then.'), revision: count('Revision.') })),
    doc('The session it was forked from; null for one that was not.'),
  ),
  orphaned: v.pipe(v.boolean(), doc('Open, and none of its clients was seen for a long time.')),
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
  redacted: v.pipe(v.boolean(), doc('Its code held secrets and was not kept, so it cannot run again.')),
});

export const ContextReport = v.object({
  part: text('Top-level member of the context.'),
  fidelity: v.pipe(
    v.picklist(['live', 'snapshot', 'lost']),
    doc('`live`: as it is now. `snapshot`: as the journal has it. `lost`: not there at the revision gone back to.'),
  ),
  reason: text('Where it comes from, or why it is lost.'),
  bytes: count('Size as JSON.'),
});

export const RestoreCost = v.object({
  snapshots: count('Snapshots to load.'),
  snapshotBytes: count('Their bytes.'),
  inputs: count('Inputs that run again.'),
  inputMs: count('How long those took before, in ms.'),
});

export const RestoreReport = v.object({
  session: text('Session id.'),
  name: text('Session name.'),
  revision: count('Revision of the session after the restore.'),
  plan: v.pipe(v.boolean(), doc('True when nothing was done.')),
  strategy: v.pipe(
    v.picklist(RESTORE_STRATEGIES),
    doc('`snapshot`: load what was saved. `replay`: also run inputs again. `none`: load nothing.'),
  ),
  at: v.pipe(v.nullable(v.number()), doc('Revision gone back to; null for the present one.')),
  bindings: list(BindingReport, 'Every binding, by name.'),
  classes: list(v.string(), 'Classes that the session defined or extended.'),
  definitions: list(BindingReport, 'The same classes, each with how it comes back.'),
  context: list(ContextReport, 'The parts of the workspace context.'),
  conflicts: count('Changes to the context that wait for a decision.'),
  replayed: list(InputReference, 'Inputs that ran again (or would).'),
  notReplayed: list(InputReference, 'Inputs that no snapshot covers and that did not run again.'),
  lost: list(v.string(), 'Names of the lost bindings.'),
  snapshotBytes: count('Bytes of snapshots loaded (or to load).'),
  cost: v.pipe(RestoreCost, doc('What there was to do.')),
  durationMs: count('Time taken.'),
});
export type RestoreReport = v.InferOutput<typeof RestoreReport>;

export const Conflict = v.object({
  id: text('Id of the conflict.'),
  revision: count('Revision of its entry.'),
  time: time('When it came up.'),
  client: text('Client whose change could not be merged.'),
  path: v.pipe(v.array(v.string()), v.readonly(), doc('Where in the context.')),
  baseRevision: count('Revision that the change was made from.'),
  base: v.exactOptional(v.pipe(v.unknown(), doc('The value both sides began with; absent when there was none.'))),
  ours: v.exactOptional(v.pipe(v.unknown(), doc('The value the session had, and keeps; absent when it had none.'))),
  theirs: v.exactOptional(v.pipe(v.unknown(), doc('The value that came; absent when it was to be removed.'))),
});
export type Conflict = v.InferOutput<typeof Conflict>;

export const Binding = v.object({
  name: text('Binding.'),
  class: v.pipe(v.nullable(v.string()), doc('Class of its value; null where no engine runs.')),
  printString: v.pipe(v.nullable(v.string()), doc('Print string, shortened; null where no engine runs.')),
  size: v.pipe(v.nullable(v.number()), doc('Number of elements of a collection.')),
  fidelity: v.pipe(
    v.picklist(['live', 'snapshot', 'replayed', 'lost']),
    doc('How it would come back if the engine ended now.'),
  ),
  reason: v.pipe(v.nullable(v.string()), doc('Why.')),
});
export type Binding = v.InferOutput<typeof Binding>;

export const ClientInfo = v.object({
  client: text('Client id.'),
  connected: v.pipe(v.boolean(), doc('It stays with the session now.')),
  owner: v.pipe(v.boolean(), doc('It created the session.')),
  firstAt: v.pipe(v.nullable(v.string()), doc('Its first entry; null when it has written none.')),
  lastAt: v.pipe(v.nullable(v.string()), doc('Its last entry, or when it was last heard of.')),
  evaluations: count('Evaluations it asked for.'),
  entries: count('Entries it caused.'),
  connectedMs: count('Time it has stayed with the session.'),
});
export type ClientInfo = v.InferOutput<typeof ClientInfo>;

export const Statistics = v.object({
  evaluations: count('Evaluations with an outcome.'),
  errors: count('Evaluations with another outcome than `value`.'),
  outcomes: v.pipe(mapping(v.string(), v.number()), doc('Evaluations by outcome.')),
  evaluatedMs: count('Time spent evaluating and printing.'),
  outagesSurvived: count('Outages of links, of the backend and of the engine that were come through.'),
  linkOutages: count('Outages of the links of clients that stayed with it.'),
  linkOutageMs: count('How long those were.'),
  restores: v.pipe(mapping(v.string(), v.number()), doc('Engines given the state back, by why there was none.')),
  connectedMs: count('Time that clients stayed with it.'),
  contextChanges: count('Changes of the workspace context.'),
  conflicts: count('Conflicts there ever were.'),
  recorded: count('Inputs brought in from history files.'),
  entries: count('Journal entries.'),
  bytes: count('Stored size of journal and snapshots.'),
  clients: count('Clients that ever worked in it.'),
  firstActivityAt: v.pipe(v.nullable(v.string()), doc('Its first entry.')),
  lastActivityAt: v.pipe(v.nullable(v.string()), doc('When somebody last worked in it.')),
  engine: v.pipe(v.nullable(v.string()), doc('Engine.')),
  image: v.pipe(v.nullable(v.string()), doc('Smalltalk behind it, with its version; null while none has run.')),
});
export type Statistics = v.InferOutput<typeof Statistics>;

export const BindingDifference = v.object({
  name: text('Binding.'),
  change: v.pipe(v.picklist(['added', 'removed', 'changed']), doc('What `b` has that `a` has not, and so on.')),
  a: v.pipe(v.nullable(v.string()), doc('Print string in `a`; null when it is not there or cannot be had.')),
  b: v.pipe(v.nullable(v.string()), doc('Print string in `b`.')),
});

export const ContextDifference = v.object({
  path: v.pipe(v.array(v.string()), v.readonly(), doc('Where in the context.')),
  before: v.exactOptional(v.pipe(v.unknown(), doc('Value in `a`; absent when there is none.'))),
  after: v.exactOptional(v.pipe(v.unknown(), doc('Value in `b`.'))),
  lines: v.exactOptional(
    v.pipe(
      v.array(
        v.object({
          op: v.pipe(v.picklist([' ', '+', '-']), doc('Whether both have it, only `b`, or only `a`.')),
          line: text('The line, with its ending.'),
          skipped: v.exactOptional(count('Lines that both have and that are left out before it.')),
        }),
      ),
      v.readonly(),
      doc('Of texts: the lines that differ, with those around them.'),
    ),
  ),
});

export const ReplayDifference = v.object({
  revision: count('Revision of the input.'),
  code: text('What was evaluated.'),
  recorded: text('What the journal says.'),
  replayed: text('What the fresh engine answered.'),
});

export const VerificationReport = v.object({
  session: text('Session id.'),
  name: text('Session name.'),
  revision: count('Last revision.'),
  verified: v.pipe(v.boolean(), doc('Everything that was checked is as it was written.')),
  lastGood: count('Last revision that verifies.'),
  damage: v.pipe(v.nullable(v.string()), doc('What is wrong after it.')),
  badSnapshots: v.pipe(
    v.array(v.object({ revision: count('Revision of its entry.'), reason: text('What is wrong.') })),
    doc('Snapshots whose bytes are not what was written.'),
  ),
  replay: v.pipe(
    v.nullable(
      v.object({
        inputs: count('Inputs that ran in a fresh engine.'),
        same: count('Those that answered as the journal says.'),
        differing: v.pipe(v.array(ReplayDifference), doc('Those that did not.')),
        skipped: v.pipe(
          v.array(v.object({ revision: count('Revision of the input.'), reason: text('Why it did not run.') })),
          doc('Inputs that could not be compared.'),
        ),
      }),
    ),
    doc('What running the inputs again gave; null when that was not asked for.'),
  ),
});
export type VerificationReport = v.InferOutput<typeof VerificationReport>;

export const RepairReport = v.object({
  session: text('Session id.'),
  name: v.pipe(v.nullable(v.string()), doc('Session name, where it could be read.')),
  damage: v.pipe(v.nullable(v.string()), doc('What was wrong; null when nothing was.')),
  lastGood: count('Last revision that verifies.'),
  cut: count('Entries taken out because they follow the damage.'),
  badSnapshots: v.pipe(v.array(v.number()), doc('Revisions of snapshots that cannot be loaded any more.')),
  keptIn: v.pipe(v.nullable(v.string()), doc('File on the backend that holds what was taken out.')),
});
export type RepairReport = v.InferOutput<typeof RepairReport>;

export const Evaluation = v.object({
  key: text('Idempotency key.'),
  session: text('Session id.'),
  revision: count('Revision of the output; of the input while there is none.'),
  time: time('When it was accepted.'),
  client: text('Client that asked.'),
  code: text('What was evaluated; with [redacted] in place of secrets that were not kept.'),
  redacted: v.pipe(v.boolean(), doc('The code that ran held secrets, which were not kept.')),
  outcome: v.pipe(
    v.picklist(['value', 'error', 'interrupted', 'unknown', 'queued', 'recorded']),
    doc(
      '`unknown`: the engine died in the middle. `queued`: accepted, not answered yet. `recorded`: brought in from a ' +
        'history file; it has not run here.',
    ),
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
