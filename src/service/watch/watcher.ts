/** Watches one connection: keeps its link, and after every interruption brings back what it is for. */
import { BackendClient } from '../../client/backend-client.js';
import type { LinkEffect, LinkEvent, LinkState, Outage, Phase } from '../../client/link-state.js';
import type { LinkTiming } from '../../client/timing.js';
import { ProtocolError } from '../../protocol/errors.js';
import { deliverOrphans } from '../delivery.js';
import type { Workplace } from '../workplace.js';
import type { OutageEvent, RestoredSession, WatchEvent } from './event.js';

export interface WatcherOptions {
  readonly workplace: Workplace;
  /** Sessions to restore after an interruption. */
  readonly sessions: readonly string[];
  readonly timing: LinkTiming;
  readonly onEvent: (event: WatchEvent) => void;
}

/** Totals since the watch began. */
export interface WatchTotals {
  readonly outages: number;
  readonly outageMs: number;
  readonly attempts: number;
}

export class Watcher {
  readonly connection: string;
  readonly endpoint: string;
  #client: BackendClient | undefined;
  #phase: Phase = 'idle';
  #since = performance.now();
  #lastOutage: OutageEvent | undefined;
  #totals: WatchTotals = { outages: 0, outageMs: 0, attempts: 0 };
  #opened = 0;

  constructor(private readonly options: WatcherOptions) {
    this.connection = options.workplace.connection;
    this.endpoint = options.workplace.endpoint;
  }

  async start(): Promise<void> {
    const { timing, workplace } = this.options;
    const onEffect = (effect: LinkEffect, state: LinkState) => this.#took(effect, state);
    this.#client = await BackendClient.open(this.endpoint, { timing, onEffect });
    workplace.use(this.#client);
  }

  stop(): void {
    this.#client?.close();
  }

  tell(event: LinkEvent): void {
    this.#client?.tell(event);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get latencyMs(): number | null {
    return this.#client?.link.roundTrip?.smoothed ?? null;
  }

  /** How long the link has been in its phase, in ms. */
  get inPhaseMs(): number {
    return performance.now() - this.#since;
  }

  get attempts(): number {
    return this.#client?.link.outage?.attempts ?? this.#client?.link.failures ?? 0;
  }

  get retryInMs(): number | null {
    const at = this.#client?.link.retryAt ?? null;
    return at === null ? null : Math.max(0, at - performance.now());
  }

  get outbox(): number {
    return this.options.workplace.outbox.list(this.connection).length;
  }

  get lastOutage(): OutageEvent | undefined {
    return this.#lastOutage;
  }

  get totals(): WatchTotals {
    return { ...this.#totals, attempts: this.#opened };
  }

  #took(effect: LinkEffect, state: LinkState): void {
    if (effect.type === 'open') this.#opened += 1;
    if (effect.type === 'recovered') void this.#recovered(effect.outage, effect.until);
    if (effect.type !== 'phase') return;
    this.#phase = effect.to;
    this.#since = performance.now();
    this.options.onEvent({
      type: 'phase',
      ...this.#about(),
      from: effect.from,
      to: effect.to,
      latencyMs: state.roundTrip?.smoothed ?? null,
      attempts: state.outage?.attempts ?? 0,
      retryInMs: state.retryAt === null ? null : Math.max(0, state.retryAt - performance.now()),
      outbox: this.outbox,
    });
    // The first connection has no interruption behind it, and may still find an outbox that an earlier command left.
    if (effect.from === 'connecting') void this.#deliver().catch((error: Error) => this.#trouble(error));
  }

  async #recovered(outage: Outage, until: number): Promise<void> {
    try {
      const sessions = await this.#restoreSessions();
      const event: OutageEvent = {
        type: 'outage',
        ...this.#about(),
        cause: outage.cause,
        durationMs: until - outage.since,
        attempts: outage.attempts,
        ...(await this.#deliver()),
        sessions,
      };
      this.#lastOutage = event;
      this.#totals = {
        ...this.#totals,
        outages: this.#totals.outages + 1,
        outageMs: this.#totals.outageMs + event.durationMs,
      };
      this.options.onEvent(event);
    } catch (error) {
      // The link broke again; what is left is done after the next recovery.
      this.#trouble(error as Error);
    } finally {
      this.tell({ type: 'restored' });
    }
  }

  async #restoreSessions(): Promise<RestoredSession[]> {
    const { workplace, sessions } = this.options;
    const restored: RestoredSession[] = [];
    for (const session_id of sessions) {
      try {
        const { session } = await workplace.ask('get_session_info', { session_id });
        // A session that was closed was closed by somebody; opening it is theirs to do.
        if (session.state === 'closed') continue;
        const { report } = await workplace.ask('restore_session', { session_id, client_id: workplace.clientId });
        const { name, revision, bindings, lost } = report;
        restored.push({ session: report.session, name, revision, bindings: bindings.length - lost.length, lost });
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#trouble(error);
      }
    }
    return restored;
  }

  async #deliver(): Promise<
    Pick<OutageEvent, 'deliveredLate' | 'answeredFromJournal' | 'unknown' | 'refused' | 'lost'>
  > {
    const { workplace } = this.options;
    const before = workplace.outbox.orphans(this.connection).map(({ key }) => key);
    const delivered = await deliverOrphans(workplace);
    const known = delivered.filter(({ outcome }) => outcome === 'known');
    let unknown = 0;
    for (const { key, session } of known) {
      const { evaluation } = await workplace.ask('get_result', { key, session_id: session });
      if (evaluation.outcome === 'unknown') unknown += 1;
    }
    const accounted = new Set(delivered.map(({ key }) => key));
    const missing = before.filter((key) => !accounted.has(key) && !workplace.outbox.get(key));
    return {
      deliveredLate: delivered.filter(({ outcome }) => outcome === 'accepted').length,
      answeredFromJournal: known.length,
      unknown,
      refused: delivered.filter(({ outcome }) => outcome === 'refused').length,
      lost: await this.#countLost(missing),
    };
  }

  /** Another command may have delivered it meanwhile: then the backend has it. */
  async #countLost(keys: readonly string[]): Promise<number> {
    let lost = 0;
    for (const key of keys) {
      try {
        await this.options.workplace.ask('get_result', { key });
      } catch (error) {
        if (!(error instanceof ProtocolError) || error.type !== 'EvaluationNotFound') throw error;
        lost += 1;
      }
    }
    return lost;
  }

  #trouble(error: Error): void {
    this.options.onEvent({ type: 'trouble', ...this.#about(), message: error.message });
  }

  #about() {
    return {
      connection: this.connection,
      endpoint: this.endpoint,
      time: new Date().toISOString(),
      monotonicMs: performance.now(),
    };
  }
}
