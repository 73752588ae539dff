/** What each command does. The descriptors say what goes in and out; the registry and the sessions do the work. */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Journal } from '../journal/journal.js';
import type { DescriptorUse } from '../process/descriptors.js';
import type { Parameters, Result } from '../protocol/command.js';
import type { COMMANDS, CommandName } from '../protocol/commands.js';
import type { SessionSummary } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import * as limits from '../protocol/limits.js';
import { CAPABILITIES, PROTOCOL_VERSIONS } from '../protocol/version.js';
import { hashedLine } from '../session/archive.js';
import { nameProblem } from '../session/name.js';
import { type HistoryQuery, readHistory } from './history.js';
import { hashAt, requireSameHistory } from './history-check.js';
import { managementHandlers } from './management-handlers.js';
import type { Evaluated, SessionHost } from './session-host.js';
import * as settings from './settings.js';
import { ANONYMOUS, published, type Workings } from './workings.js';
import { workspaceHandlers } from './workspace-handlers.js';

type Descriptors = typeof COMMANDS;
/** Tells the client how far its request has come. */
export type Progress = (status: 'accepted' | 'running', result: unknown) => void;

export type Handlers = {
  readonly [Name in CommandName]: (
    parameters: Parameters<Descriptors[Name]>,
    progress: Progress,
  ) => Result<Descriptors[Name]> | Promise<Result<Descriptors[Name]>>;
};

export interface BackendInfo {
  readonly version: string;
  readonly endpoint: string;
  readonly dataDirectory: string;
  readonly engine: string;
  readonly startedAt: Date;
  readonly stopping: () => boolean;
  readonly descriptors: () => DescriptorUse;
  /** Resident memory of this process. */
  readonly memoryBytes: () => number;
}

/** @returns one handler per command of the protocol */
export function createHandlers(workings: Workings, info: BackendInfo): Handlers {
  const { registry, journal, uploads } = workings;
  const began = performance.now();
  const uptimeMs = () => Math.round(performance.now() - began);
  const evaluateIn = async (parameters: {
    session_id?: string | undefined;
    client_id?: string | undefined;
    key?: string | undefined;
    timeout_ms?: number | undefined;
    if_revision?: number | undefined;
    rerun_of?: string | undefined;
    record_as?: string | undefined;
    leave_unsaved?: readonly string[] | undefined;
    code: string;
    inspect: boolean;
    progress?: Progress;
  }): Promise<Evaluated> => {
    const client = parameters.client_id ?? ANONYMOUS;
    const { session_id: reference } = parameters;
    const host =
      reference === undefined ? await registry.defaultSession(client) : registry.find(reference, parameters.client_id);
    return host.evaluate({
      key: parameters.key ?? randomUUID(),
      code: parameters.code,
      client,
      timeoutMs: parameters.timeout_ms ?? settings.DEFAULT_TIMEOUT_MS,
      ifRevision: parameters.if_revision,
      inspect: parameters.inspect,
      rerunOf: parameters.rerun_of,
      recordAs: parameters.record_as,
      leaveUnsaved: parameters.leave_unsaved,
      ...(parameters.progress ? { progress: parameters.progress } : {}),
    });
  };

  return {
    hello: ({ versions }) => ({
      backend: `stui ${info.version}`,
      versions: [...PROTOCOL_VERSIONS],
      version: PROTOCOL_VERSIONS.find((version) => !versions || versions.includes(version)) ?? null,
      capabilities: [...CAPABILITIES],
      engines: [info.engine],
      limits: { ...limits },
    }),

    ping: ({ message }) => ({
      message: message ?? null,
      status: info.stopping() ? 'stopping' : 'ready',
      uptime: Math.floor(uptimeMs() / 1000),
      busy: registry.busy(),
    }),

    get_backend_status: () => {
      const summaries = registry.all().map((host) => host.summary());
      const count = (test: (summary: SessionSummary) => boolean) => summaries.filter(test).length;
      return {
        pid: process.pid,
        version: info.version,
        startedAt: info.startedAt.toISOString(),
        uptimeMs: uptimeMs(),
        endpoint: info.endpoint,
        dataDirectory: info.dataDirectory,
        sessions: summaries.length,
        damagedSessions: registry.damaged.length,
        openSessions: count(({ state }) => state === 'open'),
        engines: count(({ engineState }) => engineState !== 'none'),
        busy: count(({ engineState }) => engineState === 'busy'),
        queued: summaries.reduce((sum, { pending }) => sum + pending, 0),
        memoryBytes: info.memoryBytes(),
        storageBytes: summaries.reduce((sum, { bytes }) => sum + bytes, 0),
        descriptors: info.descriptors(),
      };
    },

    create_session: async (parameters) => {
      const host = await registry.create({
        id: parameters.session_id,
        name: parameters.name,
        labels: parameters.labels ?? {},
        ttlMs: parameters.ttl_ms,
        client: parameters.client_id,
      });
      return ownedSession(host);
    },

    list_sessions: ({ client_id, labels, state }) => ({
      sessions: registry
        .visible(client_id)
        .map((host) => host.summary())
        .filter((summary) => state === undefined || summary.state === state)
        .filter((summary) => Object.entries(labels ?? {}).every(([name, value]) => summary.labels[name] === value))
        .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)),
    }),

    list_client_sessions: ({ client_id }) => {
      const owned = registry.all().filter(({ state }) => state.owner === client_id);
      return { client_id, session_count: owned.length, sessions: owned.map(publishedSession) };
    },

    get_session_info: ({ session_id, client_id }) => {
      const host = registry.find(session_id, client_id);
      return { ...ownedSession(host), is_expired: host.state.closed === 'expired' };
    },

    restore_session: async ({ session_id, client_id, plan, replay, strategy, at, at_time, if_revision }) => {
      const host = registry.find(session_id, client_id);
      const { state } = host;
      const client = client_id ?? ANONYMOUS;
      if (!plan && state.closed) registry.requireFreeName(state.name, client_id ?? state.owner, state.id);
      const report = await host.restore({
        plan: plan ?? false,
        strategy: strategy ?? (replay ? 'replay' : 'snapshot'),
        client,
        at,
        atTime: at_time,
        ifRevision: if_revision,
      });
      const there = report.bindings.filter(({ fidelity }) => fidelity !== 'lost');
      const { inspector } = host.state.context;
      return {
        ...ownedSession(host),
        session_state: { ...host.state.context },
        workspace_context: { variables: there.map(({ name }) => name) },
        inspector_state: typeof inspector === 'object' && inspector !== null ? { ...inspector } : {},
        object_registry: Object.fromEntries(there.map(({ name, fidelity }) => [name, fidelity])),
        report,
      };
    },

    save_session: async ({ session_id, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      const bytes = await host.save(if_revision);
      return { session: host.summary(), bytes, unsaved: host.unsaved() };
    },

    update_session_state: async ({ session_id, state_data, client_id, if_revision, base_revision, key, seen }) => {
      const host = registry.find(session_id, client_id);
      requireSameHistory(journal, host.state, seen);
      const conflicts = await host.contexts.change({
        patch: state_data,
        client: client_id ?? ANONYMOUS,
        ifRevision: if_revision,
        base: base_revision,
        key,
      });
      return {
        session_id: host.state.id,
        last_modified: host.state.updatedAt,
        session_state: { ...host.state.context },
        update_successful: true,
        revision: host.state.revision,
        hash: hashAt(journal, host.state.id, host.state.revision),
        conflicts: conflicts.map(published),
      };
    },

    rename_session: async ({ session_id, name, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      const problem = nameProblem(name);
      if (problem) throw new ProtocolError('InvalidParameters', `rename_session: "name": ${problem}`);
      await registry.rename(host, name, { client: client_id, ifRevision: if_revision });
      return { session: host.summary() };
    },

    label_session: async ({ session_id, labels, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      await host.label(labels, client_id ?? ANONYMOUS, if_revision);
      return { session: host.summary() };
    },

    close_session: async ({ session_id, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      await host.close('requested', client_id ?? ANONYMOUS, if_revision);
      return { session_id: host.state.id, closed: true, session: host.summary() };
    },

    delete_session: async ({ session_id, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      if (if_revision !== undefined && if_revision !== host.state.revision) {
        throw new ProtocolError('RevisionConflict', `The session is at revision ${host.state.revision}`, {
          revision: host.state.revision,
        });
      }
      await registry.remove(host);
      return { session_id: host.state.id, deleted: true };
    },

    get_session_statistics: () => {
      const open = registry.all().filter(({ state }) => !state.closed);
      return {
        total_sessions: open.length,
        active_clients: new Set(open.map(({ state }) => state.owner)).size,
        max_sessions_per_client: registry.limits.maxSessions,
        default_timeout: null,
        cleanup_interval: settings.EXPIRY_CHECK_MS / 1000,
      };
    },

    evaluate: async ({ interim, ...parameters }, progress) => {
      const { result } = await evaluateIn({ ...parameters, inspect: false, ...(interim ? { progress } : {}) });
      return {
        result: result.printString,
        result_type: result.class,
        execution_time: result.durationMs,
        has_error: result.outcome !== 'value',
        evaluation: result,
      };
    },

    inspect: async ({ target, ...parameters }) => {
      const { result, inspection } = await evaluateIn({ ...parameters, code: target, inspect: true });
      return {
        object_info: inspection
          ? {
              class_name: inspection.class,
              string_representation: inspection.printString,
              size: inspection.size ?? null,
            }
          : null,
        instance_vars: { ...inspection?.instanceVariables },
        evaluation: result,
      };
    },

    get_result: async ({ key, session_id, client_id, wait_ms }) => {
      const session = session_id === undefined ? undefined : registry.find(session_id, client_id).state.id;
      const visible = new Map(registry.visible(client_id).map(({ state }) => [state.id, state]));
      const filed = journal.findByKey(key, session).filter((each) => visible.has(each.session));
      // A fork has the evaluations of its origin, too, and not the outcomes of those that were not done.
      const isOriginal = ({ session, entries }: (typeof filed)[number]) =>
        (entries[0]?.entry.seq ?? 0) > (visible.get(session)?.forkedFrom?.revision ?? 0);
      const found = filed.find(isOriginal) ?? filed[0];
      if (!found) throw new ProtocolError('EvaluationNotFound', `No evaluation was accepted under the key ${key}`);
      return { evaluation: await registry.find(found.session).answer(key, wait_ms ?? 0) };
    },

    read_history: async ({ session_id, client_id, ...query }) => {
      const hosts = session_id === undefined ? registry.visible(client_id) : [registry.find(session_id, client_id)];
      const states = hosts.map(({ state }) => state);
      const session = session_id === undefined ? null : (states[0]?.id ?? null);
      return { session, ...(await readHistory(journal, states, query as HistoryQuery)) };
    },

    read_journal: async ({ session_id, client_id, after = 0, limit = 500, wait_ms = 0, seen }) => {
      const host = registry.find(session_id, client_id);
      const { id } = host.state;
      requireSameHistory(journal, host.state, seen);
      if (host.state.revision <= after && wait_ms > 0) {
        await nextCommit(journal, id, wait_ms);
        requireSameHistory(journal, registry.find(id, client_id).state, seen);
      }
      return {
        session: id,
        revision: host.state.revision,
        lines: await fittingLines(journal, id, { after, limit }),
        snapshots: host.state.snapshots.map(({ seq }) => seq),
      };
    },

    read_snapshot: ({ session_id, client_id, revision, offset }) => {
      const bytes = journal.blob(registry.find(session_id, client_id).state.id, revision);
      if (!bytes) {
        throw new ProtocolError(
          'SessionError',
          `The bytes of a snapshot at revision ${revision} are not here: restore the session once, and it is not needed`,
        );
      }
      const piece = Buffer.from(bytes).subarray(offset, offset + limits.CHUNK_BYTES);
      return { data: piece.toString('base64'), bytes: bytes.byteLength };
    },

    import_session: async ({ upload, offset, data, last, client_id, fork }) => {
      const received = uploads.add({ client: client_id, upload, offset, data: Buffer.from(data, 'base64') });
      if (!last) return { received, session: null, imported: null, conflicts: [] };
      const archive = await uploads.finish(client_id, upload);
      // A program that does not say who it is imports for whom the session belongs to.
      const client = client_id ?? archive.state.owner;
      const { host, outcome, conflicts } = await registry.import(archive, { client, fork: fork ?? false });
      return { received, session: host.summary(), imported: outcome, conflicts: conflicts.map(published) };
    },

    ...workspaceHandlers(workings),
    ...managementHandlers(workings),
  };
}

function publishedSession(host: SessionHost) {
  const { state } = host;
  const leftMs = host.attendance.expiresInMs();
  return {
    session_id: state.id,
    created_at: state.createdAt,
    last_modified: state.updatedAt,
    timeout: state.ttlMs === null ? null : state.ttlMs / 1000,
    is_active: !state.closed,
    time_until_expiry: leftMs === undefined ? null : Math.max(0, Math.floor(leftMs / 1000)),
  };
}

function ownedSession(host: SessionHost) {
  return { ...publishedSession(host), client_id: host.state.owner, session: host.summary() };
}

/** Entries read at a time: their number says nothing of their size, which is up to that of a context. */
const LINES_AT_A_TIME = 50;

/** As many lines as a reply should carry; the reader asks again after the last one. */
async function fittingLines(
  journal: Journal,
  session: string,
  { after, limit }: { after: number; limit: number },
): Promise<string[]> {
  const lines: string[] = [];
  let bytes = 0;
  while (lines.length < limit) {
    const start = after + lines.length;
    const entries = journal.read(session, { after: start, limit: Math.min(LINES_AT_A_TIME, limit - lines.length) });
    if (entries.length === 0) break;
    for (const stored of entries) {
      const line = hashedLine(stored);
      bytes += line.length;
      if (lines.length > 0 && bytes > limits.CHUNK_BYTES) return lines;
      lines.push(line);
    }
    await nextTurn();
  }
  return lines;
}

function nextCommit(journal: Journal, session: string, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const timer = setTimeout(finish, waitMs);
    const unsubscribe = journal.onCommit((id) => {
      if (id === session) finish();
    });
  });
}
