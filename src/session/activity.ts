/** Who worked in a session, how much, and what it came through: counted as the journal is folded. */
import { BACKEND, type EngineAbsence, type Entry, type Outcome } from './entry.js';

export interface ClientActivity {
  /** ISO 8601, UTC. */
  firstAt: string;
  lastAt: string;
  entries: number;
  evaluations: number;
  /** Time it stayed with the session, in ms; what was shorter than a moment is not counted. */
  connectedMs: number;
}

export interface Activity {
  /** By client id. Has no prototype: a client may call itself __proto__. */
  clients: Record<string, ClientActivity>;
  /** Clients that came after the first {@link MAX_CLIENTS}, counted and not named. */
  otherEntries: number;
  outcomes: Record<Outcome, number>;
  /** Time spent evaluating and printing, in ms. */
  evaluatedMs: number;
  contextChanges: number;
  conflicts: number;
  recorded: number;
  /** Engines that were given the session back, by why there was none. */
  restores: Record<EngineAbsence, number>;
  /** Outages of clients' links that they survived while they stayed with the session. */
  linkOutages: number;
  linkOutageMs: number;
  connectedMs: number;
}

/** Clients told apart: the state is written as a whole with every checkpoint, and must stay small. */
export const MAX_CLIENTS = 256;

export function noActivity(): Activity {
  return {
    clients: Object.create(null),
    otherEntries: 0,
    outcomes: { value: 0, error: 0, interrupted: 0, unknown: 0 },
    evaluatedMs: 0,
    contextChanges: 0,
    conflicts: 0,
    recorded: 0,
    restores: { restart: 0, crash: 0, hibernation: 0, requested: 0 },
    linkOutages: 0,
    linkOutageMs: 0,
    connectedMs: 0,
  };
}

/** Counts one entry. */
export function countEntry(activity: Activity, entry: Entry): void {
  const client = entry.client === BACKEND ? undefined : clientOf(activity, entry);
  switch (entry.type) {
    case 'input':
      if (client) client.evaluations += 1;
      break;
    case 'output':
      activity.outcomes[entry.outcome] += 1;
      activity.evaluatedMs += entry.durationMs;
      break;
    case 'context':
      activity.contextChanges += 1;
      break;
    case 'conflict':
      activity.conflicts += 1;
      break;
    case 'recorded':
      activity.recorded += 1;
      break;
    case 'restored':
      if (entry.cause) activity.restores[entry.cause] += 1;
      break;
    case 'presence':
      activity.linkOutages += entry.outages;
      activity.linkOutageMs += entry.outageMs;
      activity.connectedMs += entry.connectedMs;
      if (client) client.connectedMs += entry.connectedMs;
      break;
  }
}

/** Outages that the session came through: of links, of the backend, and of its engine. */
export function outagesSurvived({ linkOutages, restores }: Activity): number {
  return linkOutages + restores.restart + restores.crash;
}

function clientOf(activity: Activity, { client, time }: Entry): ClientActivity | undefined {
  const known = activity.clients[client];
  if (known) {
    known.lastAt = time;
    known.entries += 1;
    return known;
  }
  if (Object.keys(activity.clients).length >= MAX_CLIENTS) {
    activity.otherEntries += 1;
    return undefined;
  }
  const added = { firstAt: time, lastAt: time, entries: 1, evaluations: 0, connectedMs: 0 };
  activity.clients[client] = added;
  return added;
}
