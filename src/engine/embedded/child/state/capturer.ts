/** Says what of the session's state changed, and writes it down. */
import type { Capture, CaptureBudget, UnsavedBinding } from '../../../contract.js';
import type { Amber, St } from '../amber.js';
import type { Workspace } from '../workspace.js';
import type { ClassTracker } from './classes.js';
import { FORMAT_VERSION } from './format.js';
import { objectsReachedBy, objectsReaching, obstacleReason } from './reach.js';
import { type ObjectIds, type Walk, type WalkedNode, type WalkedObject, Walker, WalkTooLong } from './walk.js';

/** Answered instead of names when the walk was too long to know them. */
const UNKNOWN_NAMES = '*';

/**
 * Of the heap, what the text of a state may take: an engine that loads it has the line that it came in, the captures in it and
 * their values at the same time, each of two bytes a character where one character of them needs two.
 */
const LOADABLE_SHARE = 1 / 13;

const LEFT_UNSAVED = 'was given a secret, and is left unsaved as asked for';

/** Longer texts are remembered by digest: what was captured must not be held twice. */
const VERBATIM_LENGTH = 64;

export interface CaptureOutcome {
  readonly capture?: Capture;
  readonly deferred?: readonly string[];
}

/** The state as the last capture left it. */
interface Captured {
  readonly roots: ReadonlyMap<string, string>;
  readonly objects: ReadonlyMap<number, string>;
  readonly unsaved: ReadonlyMap<string, string>;
}

/** A walk, with what can be saved told from what cannot. */
interface Digest {
  readonly saved: ReadonlyMap<string, WalkedNode>;
  readonly unsaved: ReadonlyMap<string, string>;
  /** The objects that the saved roots reach. */
  readonly carried: readonly WalkedObject[];
}

const NOTHING: Captured = { roots: new Map(), objects: new Map(), unsaved: new Map() };

export class Capturer {
  readonly #workspace: Workspace;
  readonly #classes: ClassTracker;
  readonly #walker: Walker;
  #captured = NOTHING;
  /** Names assigned since the last capture, known even when the walk is too long. */
  readonly #assigned = new Set<string>();
  readonly #leftUnsaved = new Set<string>();

  constructor(amber: Amber, workspace: Workspace, classes: ClassTracker, ids: ObjectIds) {
    this.#workspace = workspace;
    this.#classes = classes;
    this.#walker = new Walker(amber, ids);
  }

  /** Says which of the names that were assigned since the last call are not to be saved; the others of them are. */
  leaveUnsaved(names: readonly string[]): void {
    for (const name of this.#workspace.takeAssigned()) {
      this.#assigned.add(name);
      if (names.includes(name)) this.#leftUnsaved.add(name);
      else this.#leftUnsaved.delete(name);
    }
  }

  /** Undefined when there is nothing to say. */
  capture(kind: 'full' | 'changes', budget?: CaptureBudget): CaptureOutcome | undefined {
    for (const name of this.#workspace.takeAssigned()) this.#assigned.add(name);
    let walk: Walk;
    try {
      walk = this.#walk(budget?.maxObjects);
    } catch (error) {
      if (!(error instanceof WalkTooLong)) throw error;
      return { deferred: [...this.#assigned, UNKNOWN_NAMES] };
    }
    return this.#captureOf(kind, walk, budget?.maxBytes ?? Number.POSITIVE_INFINITY);
  }

  /** Takes the state as it is for captured: after a restore it is what the captures say. */
  settle(): void {
    this.#workspace.takeAssigned();
    this.#assigned.clear();
    this.#captured = capturedFrom(this.#digest(this.#walk()));
    this.#classes.settle(this.#classes.changes('full'));
  }

  /** Why a binding cannot be saved, by name. */
  unsavedReasons(): ReadonlyMap<string, string> {
    return this.#digest(this.#walk()).unsaved;
  }

  /** Names of everything that is there to be captured. */
  names(): string[] {
    return Array.from(this.#roots(), ([name]) => name);
  }

  #walk(maxObjects = Number.POSITIVE_INFINITY): Walk {
    return this.#walker.walk(this.#roots(), maxObjects, loadableCost());
  }

  *#roots(): Generator<readonly [string, St]> {
    for (const name of this.#workspace.names()) yield [name, this.#workspace.get(name)];
    for (const each of this.#classes.userClasses()) {
      for (const slot of classSideSlots(each, this.#classes)) yield [`${each.name} class>>${slot}`, each[slot]];
      for (const variable of Object.keys(each.classVariables ?? {})) {
        yield [`${each.name}>>${variable}`, each.classVariables[variable]];
      }
    }
  }

  #digest(walk: Walk): Digest {
    const obstructed = objectsReaching(walk, (each) => each.obstacle !== undefined);
    const unsaved = new Map<string, string>();
    const saved = new Map<string, WalkedNode>();
    for (const [name, root] of walk.roots) {
      if (this.#leftUnsaved.has(name)) unsaved.set(name, LEFT_UNSAVED);
      else if (root.obstacle !== undefined || root.children.some((each) => obstructed.has(each))) {
        unsaved.set(name, obstacleReason(root));
      } else saved.set(name, root);
    }
    const carried = unsaved.size === 0 ? walk.objects : [...objectsReachedBy(saved.values())];
    return { saved, unsaved, carried };
  }

  #captureOf(kind: 'full' | 'changes', walk: Walk, maxBytes: number): CaptureOutcome | undefined {
    const before = kind === 'full' ? NOTHING : this.#captured;
    const digest = this.#digest(walk);
    const { saved, carried } = digest;
    const changed = new Set(carried.filter(({ id, text }) => before.objects.get(id) !== fingerprint(text)));
    const reaching = objectsReaching(walk, (each) => changed.has(each));
    const changedRoots = [...saved].filter(
      ([name, root]) =>
        before.roots.get(name) !== fingerprint(root.text) || root.children.some((each) => reaching.has(each)),
    );
    const unsaved: UnsavedBinding[] = [...digest.unsaved]
      .filter(([name, reason]) => before.unsaved.get(name) !== reason)
      .map(([name, reason]) => ({ name, reason }));
    const gone = [...before.roots.keys(), ...before.unsaved.keys()].filter((name) => !walk.roots.has(name));
    const classes = this.#classes.changes(kind);
    const nothingChanged =
      changedRoots.length + unsaved.length + gone.length + classes.records.length + classes.dropped.length === 0;
    if (kind === 'changes' && nothingChanged) {
      // Objects may have become unreachable all the same; when there are as many as before, none has.
      const same =
        carried.length === this.#captured.objects.size && digest.unsaved.size === this.#captured.unsaved.size;
      this.#settleAt(same ? this.#captured : capturedFrom(digest), classes);
      return undefined;
    }
    const names = changedRoots.map(([name]) => name);
    const texts = [
      ...changedRoots.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`),
      ...[...changed].map(({ id, text }) => `"${id}":${text}`),
      ...classes.records.map(({ text }) => text),
    ];
    if (exceeds(texts, maxBytes)) {
      return {
        deferred: [...names, ...unsaved.map(({ name }) => name), ...gone, ...classes.records.map((e) => e.name)],
      };
    }
    const roots = texts.slice(0, names.length).join(',');
    const objects = texts.slice(names.length, names.length + changed.size).join(',');
    const records = texts.slice(names.length + changed.size).join(',');
    const dropped = JSON.stringify([...gone, ...unsaved.map(({ name }) => name)]);
    const data =
      `{"version":${FORMAT_VERSION},"kind":"${kind}","roots":{${roots}},"dropped":${dropped},` +
      `"objects":{${objects}},"classes":[${records}],"droppedClasses":${JSON.stringify(classes.dropped)}}`;
    this.#settleAt(capturedFrom(digest), classes);
    const capture: Capture = {
      kind,
      data,
      saved: names,
      removed: [...gone, ...classes.dropped],
      unsaved,
      classes: classes.records.map(({ name }) => name),
    };
    return { capture };
  }

  #settleAt(captured: Captured, classes: ReturnType<ClassTracker['changes']>): void {
    this.#captured = captured;
    this.#classes.settle(classes);
    this.#assigned.clear();
  }
}

function capturedFrom({ saved, unsaved, carried }: Digest): Captured {
  return {
    roots: new Map([...saved].map(([name, { text }]) => [name, fingerprint(text)])),
    objects: new Map(carried.map(({ id, text }) => [id, fingerprint(text)])),
    unsaved,
  };
}

/** Class-side instance variables that a class has from user classes: its own and its superclasses'. */
function classSideSlots(behavior: St, classes: ClassTracker): string[] {
  const slots: string[] = [];
  for (let at = behavior; at != null && classes.isUserClass(at); at = at.superclass) slots.push(...at.a$cls.slots);
  return slots;
}

/** Asked when it is needed: a startup snapshot is built under no limit that matters. */
function loadableCost(): number {
  const { getHeapStatistics } = require('node:v8') as typeof import('node:v8');
  return getHeapStatistics().heap_size_limit * LOADABLE_SHARE;
}

function exceeds(texts: readonly string[], maxBytes: number): boolean {
  let bytes = 0;
  for (const text of texts) {
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > maxBytes) return true;
  }
  return false;
}

function fingerprint(text: string): string {
  if (text.length <= VERBATIM_LENGTH) return text;
  // Not imported at the top: a startup snapshot must not hold it.
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return createHash('sha1').update(text).digest('base64');
}
