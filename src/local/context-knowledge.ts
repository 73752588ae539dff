/**
 * At which revision this machine last knew the context of a session, so that a change says what it was made from. Not
 * losable: without it a change would overwrite, without a word, what others changed meanwhile.
 */
import { continuedFrom, type HeldPlace, knownAt, type OwnChange, withMade } from '../session/own-changes.js';
import { isSeenHistory, type SeenHistory } from '../session/seen-history.js';
import type { Store } from './store.js';
import { type Fields, isFields, type StoreShape, WrongShape } from './store-contents.js';

/** From which context to which a change led. */
export interface Made {
  readonly places: readonly HeldPlace[];
  /** Revision that it was made from; undefined when nothing was known of the context. */
  readonly from: number | undefined;
  /** Revision that the backend merged it from, where that is another one: see {@link continuedFrom}. */
  readonly base?: number | undefined;
  readonly revision: number;
  /** Chain hash at `revision`, where the backend told it. */
  readonly hash?: string | undefined;
}

export interface ContextKnowledge {
  readonly connection: string;
  readonly session: string;
  /** The context as it was then was shown here. */
  readonly seen: number;
  /** Newest first. What others changed elsewhere in the context by then was not shown. */
  readonly own: readonly OwnChange[];
  /** The newest of the session's history that was told here; absent where the backend, or an older stui, told no hash. */
  readonly head?: SeenHistory;
}

export interface ContextKnowledgeFile {
  /** Most recently used first. */
  readonly contexts: readonly ContextKnowledge[];
}

/** More sessions than anybody works in at one time. */
export const KNOWN_CONTEXTS_LIMIT = 500;

export const CONTEXT_KNOWLEDGE_SHAPE: StoreShape<ContextKnowledgeFile> = {
  schemaVersion: 1,
  empty: () => ({ contexts: [] }),
  decode: ({ contexts = [] }) => {
    if (!Array.isArray(contexts)) throw new WrongShape('contexts is not a list');
    const wrong = contexts.findIndex((each) => !isKnowledge(each));
    if (wrong !== -1) throw new WrongShape(`contexts[${wrong}] does not say what is known of which session`);
    return { contexts };
  },
};

export class KnownContexts {
  constructor(private readonly store: Store<ContextKnowledgeFile>) {}

  /**
   * @param paths the places that are to be changed
   * @returns the newest revision at which all of them were known here; undefined when they never were
   */
  base(connection: string, session: string, paths: readonly (readonly string[])[]): number | undefined {
    const known = find(this.store.read(), connection, session);
    if (known === undefined) return undefined;
    const revisions = paths.map((path) => knownAt(known, path));
    return paths.length === 0 ? known.seen : Math.min(...revisions);
  }

  /**
   * Of changes made one after another from the same context, those before have been delivered: the next one was made from
   * what they left.
   * @param from revision whose context the change says it was made from
   * @returns the revision whose context has, at `paths`, what it was really made from
   */
  continued(connection: string, session: string, paths: readonly (readonly string[])[], from: number): number {
    const known = find(this.store.read(), connection, session);
    return known === undefined ? from : continuedFrom(known.own, paths, from);
  }

  /** @returns the newest of the session's history that was told here */
  head(connection: string, session: string): SeenHistory | undefined {
    return find(this.store.read(), connection, session)?.head;
  }

  /**
   * The context was shown as it was at a revision.
   * @param isAnother the session has another history than the one that is known here: what was known is void
   */
  async saw(
    connection: string,
    session: string,
    revision: number,
    { hash, isAnother = false }: { hash?: string | undefined; isAnother?: boolean } = {},
  ): Promise<void> {
    await this.change(connection, session, (known) => {
      const valid = isAnother ? undefined : known;
      const head = newest(valid?.head, revision, hash);
      if (valid && valid.seen >= revision && valid.head === head) return valid;
      const seen = Math.max(revision, valid?.seen ?? 0);
      return { connection, session, seen, own: valid?.own ?? [], ...(head && { head }) };
    });
  }

  /** A change of this machine is in the context. */
  async made(connection: string, session: string, made: Made): Promise<void> {
    const { from, base = from, revision, hash } = made;
    await this.change(connection, session, (known) => {
      const head = newest(known?.head, revision, hash);
      const told = head === undefined ? {} : { head };
      if (known === undefined || from === undefined || base === undefined) {
        return { connection, session, seen: revision, own: known?.own ?? [], ...told };
      }
      return { ...known, own: withMade(known, { places: made.places, from, base, revision }), ...told };
    });
  }

  /** Nothing is known any more: the session has not the history that it had. */
  async forget(connection: string, session: string): Promise<void> {
    await this.change(connection, session, () => undefined);
  }

  async forgetConnection(connection: string): Promise<void> {
    if (!this.store.read().contexts.some((each) => each.connection === connection)) return;
    await this.store.update(({ contexts }) => ({
      contexts: contexts.filter((each) => each.connection !== connection),
    }));
  }

  private async change(
    connection: string,
    session: string,
    next: (known: ContextKnowledge | undefined) => ContextKnowledge | undefined,
  ): Promise<void> {
    const known = find(this.store.read(), connection, session);
    if (next(known) === known) return;
    await this.store.update((file) => {
      const present = find(file, connection, session);
      const changed = next(present);
      const others = file.contexts.filter((each) => each !== present);
      return { contexts: (changed ? [changed, ...others] : others).slice(0, KNOWN_CONTEXTS_LIMIT) };
    });
  }
}

function find({ contexts }: ContextKnowledgeFile, connection: string, session: string): ContextKnowledge | undefined {
  return contexts.find((each) => each.connection === connection && each.session === session);
}

function newest(head: SeenHistory | undefined, revision: number, hash: string | undefined): SeenHistory | undefined {
  if (hash === undefined || (head && head.revision >= revision)) return head;
  return { revision, hash };
}

function isKnowledge(json: unknown): json is ContextKnowledge {
  return (
    isFields(json) &&
    typeof json['connection'] === 'string' &&
    typeof json['session'] === 'string' &&
    isRevision(json['seen']) &&
    Array.isArray(json['own']) &&
    json['own'].every(isOwnChange) &&
    (json['head'] === undefined || isSeenHistory(json['head']))
  );
}

function isOwnChange(json: unknown): boolean {
  return (
    isFields(json) &&
    Array.isArray(json['path']) &&
    json['path'].every((name) => typeof name === 'string') &&
    isRevision(json['from']) &&
    isRevision(json['revision'])
  );
}

function isRevision(value: Fields[string]): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
