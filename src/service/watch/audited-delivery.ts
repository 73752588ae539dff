/** Delivers the outbox and audits it: what was in it is accounted for once, also when the link breaks in the middle. */
import { isChange, type OutboxEntry } from '../../local/outbox.js';
import { type ErrorType, ProtocolError } from '../../protocol/errors.js';
import { type DeliveredEntry, deliverOrphans } from '../delivery.js';
import type { Workplace } from '../workplace.js';
import type { DeliveryAccount } from './event.js';

type Counts = { -readonly [Count in keyof Omit<DeliveryAccount, 'refused'>]: number };

const GONE: readonly ErrorType[] = ['EvaluationNotFound', 'SessionNotFound'];

const nothing = (): Counts => ({ deliveredLate: 0, answeredFromJournal: 0, unknown: 0, lost: 0 });

export class AuditedDelivery {
  /** Not in any account yet. */
  #counts = nothing();
  /** The backend had them already; whether it knows their outcome is to be asked. */
  readonly #known = new Map<string, string>();
  /** They left the outbox while nobody told where to; whether the backend has them is to be asked. */
  readonly #missing = new Set<string>();

  constructor(private readonly workplace: Workplace) {}

  /**
   * Delivers what no living command is delivering.
   * @returns the account of it, and of what earlier calls that failed could not account for
   * @throws Unreachable, RequestTimedOut, ProtocolError; the next call goes on where this one stopped
   */
  async deliver(): Promise<DeliveryAccount> {
    const { outbox, destination } = this.workplace;
    const before = outbox.orphans(destination);
    let delivered: readonly DeliveredEntry[] = [];
    try {
      delivered = await deliverOrphans(this.workplace);
    } finally {
      this.#note(before, delivered);
    }
    await this.#askForKnown();
    await this.#askForMissing();
    const account = {
      ...this.#counts,
      refused: delivered.filter(({ outcome }) => outcome === 'refused' || outcome === 'waiting').length,
    };
    this.#counts = nothing();
    return account;
  }

  #note(before: readonly OutboxEntry[], delivered: readonly DeliveredEntry[]): void {
    for (const { key, session, outcome } of delivered) {
      if (outcome === 'accepted' || outcome === 'conflict') this.#counts.deliveredLate += 1;
      if (outcome === 'known') this.#known.set(key, session);
    }
    const told = new Set(delivered.map(({ key }) => key));
    const left = before.filter(({ key }) => !told.has(key) && !this.workplace.outbox.get(key));
    for (const entry of left) {
      // It leaves the outbox when the backend has answered it, and nobody can be asked for it by its key.
      if (isChange(entry)) this.#counts.deliveredLate += 1;
      else this.#missing.add(entry.key);
    }
  }

  async #askForKnown(): Promise<void> {
    for (const [key, session_id] of this.#known) {
      const outcome = await this.#outcome({ key, session_id });
      this.#known.delete(key);
      this.#counts.answeredFromJournal += 1;
      if (outcome === 'unknown') this.#counts.unknown += 1;
    }
  }

  /** Either another command delivered it, or a delivery of ours was cut short after the backend had it. */
  async #askForMissing(): Promise<void> {
    for (const key of this.#missing) {
      const outcome = await this.#outcome({ key });
      this.#missing.delete(key);
      if (outcome === undefined) this.#counts.lost += 1;
      else this.#counts.deliveredLate += 1;
    }
  }

  /** @returns undefined when the backend does not have the evaluation, or not any more because its session was deleted */
  async #outcome(question: { key: string; session_id?: string }): Promise<string | undefined> {
    try {
      return (await this.workplace.ask('get_result', question)).evaluation.outcome;
    } catch (error) {
      if (error instanceof ProtocolError && GONE.includes(error.type)) return undefined;
      throw error;
    }
  }
}
