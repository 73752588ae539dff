/** What the commands about sessions as a whole do. */
import type { VerificationReport } from '../protocol/documents.js';
import { ProtocolError } from '../protocol/errors.js';
import { MAX_SHARED_CLIENTS } from '../protocol/limits.js';
import type { Archive } from '../session/archive.js';
import { figuresOf } from '../session/statistics.js';
import type { Handlers } from './handlers.js';
import { entriesUpTo, revisionOf, withSnapshotsBehind } from './point-in-time.js';
import { damagedIds, repairSession } from './repair.js';
import { checkByReplay } from './replay-check.js';
import { diffBetween } from './session-diff.js';
import type { SessionHost } from './session-host.js';
import { PRESENCE_LEASE_MS } from './settings.js';
import { ANONYMOUS, type Workings } from './workings.js';

type ManagementHandlers = Pick<
  Handlers,
  | 'attach_client'
  | 'detach_client'
  | 'list_clients'
  | 'share_session'
  | 'unshare_session'
  | 'fork_session'
  | 'diff_sessions'
  | 'verify_session'
  | 'verify_archive'
  | 'repair_sessions'
  | 'prune_sessions'
  | 'get_statistics'
>;

export function managementHandlers({ registry, journal, uploads }: Workings): ManagementHandlers {
  const { engines } = registry;
  const sideOf = (reference: string, at: number | undefined, client: string | undefined) => {
    const { state } = registry.find(reference, client);
    const revision = revisionOf(journal, state, { at }) ?? state.revision;
    return { id: state.id, revision: withSnapshotsBehind(journal, state.id, revision) };
  };

  return {
    attach_client: ({ session_id, client_id, outage_ms }) => {
      const host = registry.find(session_id, client_id);
      host.attendance.attach(client_id, outage_ms);
      return { session: host.summary(), lease_ms: PRESENCE_LEASE_MS, clients: host.attendance.clients() };
    },

    detach_client: async ({ session_id, client_id }) => {
      const host = registry.find(session_id, client_id);
      await host.attendance.detach(client_id);
      return { session: host.summary() };
    },

    list_clients: ({ session_id, client_id }) => {
      const host = registry.find(session_id, client_id);
      return { session: host.state.id, clients: host.attendance.clients() };
    },

    share_session: async ({ session_id, clients, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      requireShareable(host, clients ?? []);
      await host.share(clients ?? null, client_id ?? ANONYMOUS, if_revision);
      return { session: host.summary() };
    },

    unshare_session: async ({ session_id, clients, client_id, if_revision }) => {
      const host = registry.find(session_id, client_id);
      await host.unshare(clients ?? null, client_id ?? ANONYMOUS, if_revision);
      return { session: host.summary() };
    },

    fork_session: async ({ session_id, client_id, name, fork_id, at, at_time, if_revision }) => {
      const from = registry.find(session_id, client_id);
      const request = { id: fork_id, name, client: client_id, at, atTime: at_time, ifRevision: if_revision };
      const fork = await registry.fork(from, request);
      return { session: fork.summary(), from: from.summary() };
    },

    diff_sessions: ({ a, a_at, b, b_at, client_id }) =>
      diffBetween(journal, engines, sideOf(a, a_at, client_id), sideOf(b, b_at, client_id)),

    verify_session: async ({ session_id, client_id, replay }) => {
      const id = registry.idOf(session_id, client_id);
      const { lastGood, damage, badSnapshots } = journal.verify(id);
      const intact = damage === undefined;
      const report: VerificationReport = {
        session: id,
        name: registry.nameOf(id) ?? id,
        revision: journal.session(id)?.revision ?? lastGood,
        verified: intact && badSnapshots.length === 0,
        lastGood,
        damage: damage ?? null,
        badSnapshots: badSnapshots.map(({ seq, reason }) => ({ revision: seq, reason })),
        replay: replay && intact ? await checkByReplay(entriesUpTo(journal, id, lastGood), engines) : null,
      };
      return { report: withReplay(report) };
    },

    verify_archive: async ({ upload, offset, data, last, replay, client_id }) => {
      const received = uploads.add({ client: client_id, upload, offset, data: Buffer.from(data, 'base64') });
      if (!last) return { received, report: null };
      const archive = await uploads.finish(client_id, upload);
      const report = archiveReport(archive);
      if (replay) {
        const entries = archive.entries.map(({ entry }) => entry);
        report.replay = await checkByReplay(entries, engines);
      }
      return { received, report: withReplay(report) };
    },

    repair_sessions: async ({ session_id, client_id, dry_run }) => {
      const ids =
        session_id === undefined
          ? await damagedIds(registry, journal, client_id)
          : [registry.idOf(session_id, client_id)];
      const sessions = [];
      for (const id of ids) sessions.push(await repairSession(registry, journal, engines, id, dry_run ?? false));
      return { sessions };
    },

    prune_sessions: async ({ client_id, orphaned, expired, older_than_ms, dry_run }) => {
      const hosts = registry.prunable({
        client: client_id,
        orphaned: orphaned ?? false,
        expired: expired ?? false,
        olderThanMs: older_than_ms,
      });
      const sessions = hosts.map((host) => host.summary());
      if (!dry_run) for (const host of hosts) await registry.remove(host);
      return { sessions, bytes: sessions.reduce((sum, { bytes }) => sum + bytes, 0), removed: !dry_run };
    },

    get_statistics: ({ session_id, client_id }) => {
      const hosts = session_id === undefined ? registry.visible(client_id) : [registry.find(session_id, client_id)];
      const states = hosts.map(({ state }) => state);
      const [first] = hosts;
      const one = hosts.length === 1 ? first : undefined;
      return {
        sessions: hosts.length,
        open: states.filter(({ closed }) => !closed).length,
        statistics: {
          ...figuresOf(states),
          bytes: hosts.reduce((sum, { bytes }) => sum + bytes, 0),
          engine: first?.state.engine ?? null,
          image: (one ?? hosts.find(({ image }) => image !== null))?.image ?? null,
        },
      };
    },
  };
}

function requireShareable({ state }: SessionHost, clients: readonly string[]): void {
  if (new Set([...state.shared.clients, ...clients]).size <= MAX_SHARED_CLIENTS) return;
  throw new ProtocolError(
    'LimitExceeded',
    `A session is shared with at most ${MAX_SHARED_CLIENTS} clients by name; share it with all instead`,
    { limit: 'sharedClients', most: MAX_SHARED_CLIENTS },
  );
}

function archiveReport({ state }: Archive): VerificationReport {
  return {
    session: state.id,
    name: state.name,
    revision: state.revision,
    verified: true,
    lastGood: state.revision,
    damage: null,
    badSnapshots: [],
    replay: null,
  };
}

function withReplay(report: VerificationReport): VerificationReport {
  const differs = (report.replay?.differing.length ?? 0) > 0;
  return { ...report, verified: report.verified && !differs };
}
