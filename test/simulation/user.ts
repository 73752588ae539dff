/** Somebody who wants evaluations done, and does not give up: runs commands, and looks for what became of those that died. */
import { CliError } from '../../src/cli/errors.js';
import { RequestTimedOut, Unreachable } from '../../src/client/errors.js';
import { isChange } from '../../src/local/outbox.js';
import { ProtocolError } from '../../src/protocol/errors.js';
import { deliverOrphans } from '../../src/service/delivery.js';
import { awaitResult, evaluate } from '../../src/service/evaluate.js';
import type { Workplace } from '../../src/service/workplace.js';
import type { Evaluation } from '../../src/session/evaluation.js';
import type { Machine } from './machine.js';
import type { Order } from './order.js';
import type { Process } from './process.js';
import type { World } from './world.js';

/** Pause before a command that failed is tried again, at most, in ms. */
const PAUSE_MS = 300;

/** `stui eval`, or `stui outbox flush` and `stui result`. */
type Attempt = 'evaluate' | 'result';

/** How a command ended: with an answer, with an error, or by the death of its process. */
type Ended<Answer> = { readonly answer: Answer } | { readonly error: unknown } | 'died';

/** Probability that a key is used again, by mistake, for other code. */
const CLASH_RATE = 0.1;

export class User {
  #running: { process: Process; workplace: Workplace } | undefined;

  constructor(
    private readonly world: World,
    private readonly machine: Machine,
    /** Taken one after another, also by other users of the machine. */
    private readonly orders: Order[],
  ) {}

  /** Resolves when each order has its answer. */
  async work(): Promise<void> {
    for (let order = this.orders.shift(); order; order = this.orders.shift()) {
      const evaluation = await this.#see(order);
      if (evaluation) this.#hear(order, evaluation);
      if (evaluation && this.world.random.chance(CLASH_RATE)) await this.#clash(order);
      await this.#pause(100);
    }
    await this.#leave();
  }

  async #see(order: Order): Promise<Evaluation | undefined> {
    let attempt: Attempt = 'evaluate';
    for (;;) {
      const ended = await this.#run(order, attempt);
      if (ended === 'died') {
        // What the outbox has taken is safe: to look for it is enough.
        const isSafe = this.machine.disk.accepted.has(order.key) && this.world.random.chance(0.5);
        attempt = isSafe ? 'result' : 'evaluate';
      } else if ('answer' in ended) {
        if (ended.answer.outcome !== 'queued') return ended.answer;
        attempt = 'result';
      } else {
        const next = this.#after(order, ended.error);
        if (!next) return undefined;
        attempt = next;
      }
      await this.#pause(PAUSE_MS);
    }
  }

  /** @returns what to try next; nothing for an error that no fault explains */
  #after(order: Order, error: unknown): Attempt | undefined {
    const { key } = order;
    const { disk } = this.machine;
    const kept = disk.entries.has(key);
    if (error instanceof Unreachable || error instanceof RequestTimedOut || error instanceof CliError) {
      return kept ? 'result' : 'evaluate';
    }
    if (error instanceof ProtocolError && (error.type === 'ShuttingDown' || error.type === 'StorageFull')) {
      return kept ? 'result' : 'evaluate';
    }
    if (error instanceof ProtocolError && error.type === 'EvaluationNotFound') {
      const isInJournal = this.world.disk.journal.findByKey(key).length > 0;
      if (kept && !isInJournal) return 'result';
      this.world.violated(`${key} was accepted, and is neither in the outbox nor at the backend`);
      return undefined;
    }
    this.world.violated(`${key} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return undefined;
  }

  /**
   * Uses the key of an order that has its answer for other code: that code must not run, its author must not be told
   * another one's answer, and what was kept of it must not vanish.
   */
  async #clash({ key, code: answered, session, timeoutMs }: Order): Promise<void> {
    const program = `${key}!`;
    const code = answered.replace(`"${key}"`, `"${program}"`);
    const { disk } = this.machine;
    // The order's own entry may wait still, for somebody to find that it had arrived.
    const isKept = () => {
      const entry = disk.entries.get(key)?.entry;
      return entry !== undefined && !isChange(entry) && entry.code === code;
    };
    const ended = await this.#run({ key, session, timeoutMs, code }, 'evaluate');
    if (typeof ended === 'object' && 'answer' in ended) {
      if (ended.answer.outcome !== 'queued') this.world.violated(`${program} was told the answer of other code`);
      else if (!isKept()) this.world.violated(`${program} was queued, and is not in the outbox`);
    }
    while (isKept()) {
      await this.#pause(PAUSE_MS);
      const flushed = await this.#command(`flush for ${program}`, deliverOrphans);
      const isRefused =
        typeof flushed === 'object' &&
        'answer' in flushed &&
        flushed.answer.some((entry) => entry.key === key && entry.outcome === 'refused');
      if (isRefused) disk.entries.delete(key);
      else if (!isKept()) this.world.violated(`${program} was in the outbox, and vanished`);
    }
    if (this.world.account.timesBegun(program) > 0) this.world.violated(`${program} ran under the key of other code`);
  }

  #run(order: Order, attempt: Attempt): Promise<Ended<Evaluation>> {
    return this.#command(`${attempt} ${order.key}`, (workplace) =>
      attempt === 'evaluate' ? this.#evaluate(workplace, order) : this.#result(workplace, order),
    );
  }

  async #command<Answer>(name: string, work: (workplace: Workplace) => Promise<Answer>): Promise<Ended<Answer>> {
    const { process, workplace } = this.#process();
    this.world.note(`${this.machine.name} ${name}`);
    return new Promise<Ended<Answer>>((resolve) => {
      process.onEnd(() => resolve('died'));
      work(workplace).then(
        (answer) => {
          if (!process.alive) return;
          resolve({ answer });
          if (this.world.conditions.oneShot) process.end();
        },
        (error) => {
          if (!process.alive) return;
          void workplace.reconnect();
          resolve({ error });
          if (this.world.conditions.oneShot) process.end();
        },
      );
    });
  }

  async #evaluate(workplace: Workplace, order: Order): Promise<Evaluation> {
    const { key, code, session, timeoutMs, rerunOf } = order;
    const { evaluation } = await evaluate(workplace, {
      key,
      code,
      session,
      timeoutMs,
      keepForLater: true,
      ...(rerunOf ? { rerunOf } : {}),
    });
    return evaluation;
  }

  async #result(workplace: Workplace, { key, session }: Order): Promise<Evaluation> {
    await deliverOrphans(workplace);
    return awaitResult(workplace, key, session, Number.POSITIVE_INFINITY);
  }

  #process(): { process: Process; workplace: Workplace } {
    if (!this.#running?.process.alive) this.#running = this.machine.start();
    return this.#running;
  }

  async #leave(): Promise<void> {
    this.#running?.process.end();
  }

  #hear(order: Order, { outcome, printString }: Evaluation): void {
    this.world.note(`${this.machine.name} hears ${order.key}: ${outcome} ${printString ?? ''}`);
    this.world.tell(order.key, { outcome, printString });
    if (outcome !== 'unknown' || !this.world.random.chance(0.5)) return;
    const key = `${order.key}'`;
    const code = order.code.replace(`"${order.key}"`, `"${key}"`);
    this.orders.push({ ...order, key, code, rerunOf: order.key });
  }

  #pause(mostMs: number): Promise<void> {
    return new Promise((resolve) => this.world.scheduler.after(this.world.random.next() * mostMs, resolve));
  }
}
