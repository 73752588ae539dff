/**
 * Which sessions a client sees: its own, those shared with it, and those it brought here. This keeps clients out of each
 * other's way; it is no access control, since a client says itself who it is.
 */
import type { SessionState } from '../session/state.js';

/** Who brought which session to this backend: an imported session is somebody else's by its journal. */
export interface Grants {
  has(session: string, client: string): boolean;
  /** Durable when it resolves. */
  add(session: string, client: string): Promise<void>;
  remove(session: string): Promise<void>;
}

/**
 * @param client undefined for a request that names none: programs of the published protocol know a session by its id
 */
export function isVisible(
  state: Pick<SessionState, 'id' | 'owner' | 'shared'>,
  client: string | undefined,
  grants: Pick<Grants, 'has'>,
): boolean {
  if (client === undefined || state.owner === client) return true;
  const { everyone, clients } = state.shared;
  return everyone || clients.includes(client) || grants.has(state.id, client);
}

/** Grants that end with the process. */
export class MemoryGrants implements Grants {
  readonly #clients = new Map<string, Set<string>>();

  has(session: string, client: string): boolean {
    return this.#clients.get(session)?.has(client) ?? false;
  }

  async add(session: string, client: string): Promise<void> {
    const clients = this.#clients.get(session) ?? new Set();
    this.#clients.set(session, clients.add(client));
  }

  async remove(session: string): Promise<void> {
    this.#clients.delete(session);
  }
}
