/** The shape of entries that come from elsewhere: an archive proves that it is whole, not that stui wrote it. */
import * as v from 'valibot';
import { type Entry, RESOLUTIONS } from './entry.js';
import { mapping } from './mapping.js';
import { nameProblem } from './name.js';
import { isSessionId } from './session-id.js';
import { MAX_TTL_MS } from './time-to-live.js';

/** Deepest nesting in a context patch: as much as a message brings. Deeper ones exhaust what reads them recursively. */
const MAX_PATCH_DEPTH = 64;

const name = v.pipe(
  v.string(),
  v.check(
    (text) => nameProblem(text) === undefined,
    ({ input }) => nameProblem(input) ?? '',
  ),
);
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const texts = v.array(v.string());
const reasoned = v.object({ name: v.string(), reason: v.string() });
const patch = v.pipe(
  mapping(v.string(), v.unknown()),
  v.check((value) => !isDeeper(value, MAX_PATCH_DEPTH), 'Nested too deep'),
);
const part = v.pipe(
  v.unknown(),
  v.check((value) => !isDeeper(value, MAX_PATCH_DEPTH), 'Nested too deep'),
);
const clients = v.nullable(texts);
const yes = v.exactOptional(v.literal(true));
const uncovered = v.array(
  v.object({
    seq: whole,
    answeredAt: whole,
    code: v.string(),
    names: texts,
    unknown: v.boolean(),
    unbounded: yes,
    durationMs: v.exactOptional(amount),
    redacted: yes,
  }),
);
const binding = v.variant('status', [
  v.object({ status: v.literal('saved'), at: whole }),
  v.object({ status: v.picklist(['unsaved', 'lost']), at: whole, reason: v.string() }),
]);
/** What the engine holds at an earlier revision. */
const base = v.object({
  snapshots: v.array(v.object({ seq: whole, kind: v.picklist(['full', 'changes']), digest: v.string(), bytes: whole })),
  bindings: mapping(v.string(), binding),
  classes: texts,
  uncovered,
});
const header = {
  seq: whole,
  time: v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    v.check((time) => !Number.isNaN(Date.parse(time)), 'No such time'),
  ),
  client: v.string(),
};

const error = v.object({
  class: v.string(),
  message: v.string(),
  line: v.exactOptional(v.number()),
  column: v.exactOptional(v.number()),
  stack: texts,
});

/** One for each type of entry, which the compiler sees to. */
const SCHEMAS = {
  created: v.object({
    ...header,
    type: v.literal('created'),
    id: v.pipe(
      v.string(),
      v.check((id) => isSessionId(id), 'None that stui gives a session'),
    ),
    name,
    engine: v.string(),
    labels: mapping(v.string(), v.string()),
    ttlMs: v.exactOptional(v.pipe(whole, v.maxValue(MAX_TTL_MS))),
  }),
  input: v.object({
    ...header,
    type: v.literal('input'),
    key: v.string(),
    code: v.string(),
    timeoutMs: amount,
    replayOf: v.exactOptional(whole),
    redacted: yes,
  }),
  output: v.object({
    ...header,
    type: v.literal('output'),
    key: v.string(),
    outcome: v.picklist(['value', 'error', 'interrupted', 'unknown']),
    printString: v.exactOptional(v.string()),
    class: v.exactOptional(v.string()),
    error: v.exactOptional(error),
    transcript: v.string(),
    durationMs: amount,
    deferred: v.exactOptional(texts),
  }),
  snapshot: v.object({
    ...header,
    type: v.literal('snapshot'),
    kind: v.picklist(['full', 'changes']),
    digest: v.string(),
    bytes: whole,
    saved: texts,
    removed: texts,
    unsaved: v.array(reasoned),
    classes: texts,
  }),
  context: v.object({
    ...header,
    type: v.literal('context'),
    patch,
    base: v.exactOptional(whole),
    keys: v.exactOptional(texts),
    digests: v.exactOptional(texts),
  }),
  conflict: v.object({
    ...header,
    type: v.literal('conflict'),
    id: v.pipe(v.string(), v.nonEmpty()),
    path: v.pipe(texts, v.nonEmpty()),
    baseRevision: whole,
    base: v.exactOptional(part),
    ours: v.exactOptional(part),
    theirs: v.exactOptional(part),
    key: v.exactOptional(v.string()),
    digest: v.exactOptional(v.string()),
  }),
  resolved: v.object({
    ...header,
    type: v.literal('resolved'),
    conflict: v.string(),
    choice: v.picklist(RESOLUTIONS),
    patch,
  }),
  forked: v.object({
    ...header,
    type: v.literal('forked'),
    from: v.object({ id: v.string(), name: v.string(), revision: whole, head: v.string() }),
  }),
  shared: v.object({ ...header, type: v.literal('shared'), clients }),
  unshared: v.object({ ...header, type: v.literal('unshared'), clients }),
  presence: v.object({
    ...header,
    type: v.literal('presence'),
    connectedMs: amount,
    outages: whole,
    outageMs: amount,
  }),
  notice: v.object({ ...header, type: v.literal('notice'), kind: v.literal('expiring'), expiresAt: v.string() }),
  recorded: v.object({
    ...header,
    type: v.literal('recorded'),
    code: v.string(),
    source: v.string(),
    typedAt: v.exactOptional(v.string()),
    redacted: yes,
  }),
  repaired: v.object({
    ...header,
    type: v.literal('repaired'),
    snapshots: v.array(whole),
    reason: v.string(),
    base,
  }),
  renamed: v.object({ ...header, type: v.literal('renamed'), name }),
  labelled: v.object({ ...header, type: v.literal('labelled'), labels: mapping(v.string(), v.nullable(v.string())) }),
  restored: v.object({
    ...header,
    type: v.literal('restored'),
    bindings: v.array(
      v.object({
        name: v.string(),
        fidelity: v.picklist(['live', 'snapshot', 'replayed', 'lost']),
        reason: v.exactOptional(v.string()),
      }),
    ),
    replayed: v.exactOptional(v.array(whole)),
    cause: v.exactOptional(v.picklist(['restart', 'crash', 'hibernation', 'requested'])),
    at: v.exactOptional(whole),
    base: v.exactOptional(base),
  }),
  backend: v.object({ ...header, type: v.literal('backend'), event: v.picklist(['stopped', 'resumed']) }),
  closed: v.object({ ...header, type: v.literal('closed'), reason: v.picklist(['requested', 'expired']) }),
} satisfies Record<Entry['type'], v.GenericSchema>;

const EntrySchema: v.GenericSchema<unknown, Entry> = v.variant('type', Object.values(SCHEMAS));

/** @returns what keeps `value` from being an entry, or undefined when it is one. */
export function entryProblem(value: unknown): string | undefined {
  const parsed = v.safeParse(EntrySchema, value, { abortEarly: true });
  if (parsed.success) return undefined;
  const [issue] = parsed.issues;
  return `${v.getDotPath(issue) ?? 'entry'}: ${issue.message}`;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
