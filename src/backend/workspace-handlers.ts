/** What the commands about the workspace do: context, bindings, conflicts, recorded inputs. */
import type { RecordedEntry } from '../session/entry.js';
import type { Handlers } from './handlers.js';
import { hashAt, isPartOf } from './history-check.js';
import { entriesUpTo, stateAt } from './point-in-time.js';
import { ANONYMOUS, published, type Workings } from './workings.js';

type WorkspaceHandlers = Pick<
  Handlers,
  'get_context' | 'list_bindings' | 'list_conflicts' | 'resolve_conflict' | 'record_inputs'
>;

export function workspaceHandlers({ registry, journal }: Workings): WorkspaceHandlers {
  return {
    get_context: async ({ session_id, client_id, at, seen }) => {
      const host = registry.find(session_id, client_id);
      const { state } = host;
      const then = at === undefined || at >= state.revision ? state : await stateAt(journal, state.id, Math.max(1, at));
      return {
        session: state.id,
        revision: then.revision,
        hash: hashAt(journal, state.id, then.revision),
        same_history: seen && isPartOf(journal, state.id, seen),
        context: { ...then.context },
        parts: { ...then.contextParts },
        conflicts: then.conflicts.map(published),
      };
    },

    list_bindings: async ({ session_id, client_id, name, start }) => {
      const host = registry.find(session_id, client_id);
      const { live, bindings } = await host.bindings({ client: client_id ?? ANONYMOUS, start: start ?? false });
      const { id, revision } = host.state;
      const wanted = bindings.filter((binding) => name === undefined || binding.name === name);
      return { session: id, revision, live, bindings: wanted };
    },

    list_conflicts: ({ session_id, client_id }) => {
      const { id, revision, conflicts } = registry.find(session_id, client_id).state;
      return { session: id, revision, conflicts: conflicts.map(published) };
    },

    resolve_conflict: async ({ session_id, conflict, choice, value, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      const decision = { choice, value, client: client_id ?? ANONYMOUS, ifRevision: if_revision };
      const decided = await host.contexts.resolve(conflict, decision);
      const { id, revision, context } = host.state;
      return {
        session: host.summary(),
        hash: hashAt(journal, id, revision),
        conflict: published(decided),
        context: { ...context },
      };
    },

    record_inputs: async ({ session_id, source, inputs, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      const known = new Set<string>();
      if (inputs.some(({ typed_at }) => typed_at !== undefined)) {
        const { id, revision } = host.state;
        for await (const entry of entriesUpTo(journal, id, revision)) {
          if (entry.type === 'recorded') known.add(identity(entry));
        }
      }
      const entries = inputs.map(
        ({ code, typed_at, redacted }): RecordedEntry => ({
          type: 'recorded',
          code,
          source,
          ...(typed_at === undefined ? {} : { typedAt: typed_at }),
          ...(redacted ? { redacted } : {}),
        }),
      );
      const fresh = entries.filter((entry) => entry.typedAt === undefined || !known.has(identity(entry)));
      await host.record(fresh, client_id ?? ANONYMOUS, if_revision);
      return { session: host.summary(), recorded: fresh.length, known: entries.length - fresh.length };
    },
  };
}

/** The same thing typed at the same time is the same input, brought in once more. */
function identity({ code, typedAt }: RecordedEntry): string {
  return `${typedAt}\n${code}`;
}
