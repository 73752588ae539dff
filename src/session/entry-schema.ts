/** The shape of entries that come from elsewhere: an archive proves that it is whole, not that stui wrote it. */
import * as v from 'valibot';
import type { Entry } from './entry.js';
import { mapping } from './mapping.js';
import { nameProblem } from './name.js';
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
    id: v.pipe(v.string(), v.nonEmpty()),
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
    patch: v.pipe(
      mapping(v.string(), v.unknown()),
      v.check((patch) => !isDeeper(patch, MAX_PATCH_DEPTH), 'Nested too deep'),
    ),
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
