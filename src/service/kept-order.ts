/**
 * An order in the outbox, from the side of the command that wants it done. What counts is whether it will be delivered:
 * that is what the command says, whatever the disk refuses afterwards.
 */
import type { OutboxEntry, OutboxOrder } from '../local/outbox.js';
import { encodeRequest } from '../protocol/envelope.js';
import type { Workplace } from './workplace.js';

export class KeptOrder {
  private constructor(
    private readonly workplace: Workplace,
    /** Durable. */
    readonly entry: OutboxEntry,
    /** Otherwise somebody else has accepted the same before, and the entry is not this command's to remove. */
    private readonly isOwn: boolean,
  ) {}

  /**
   * Accepts an order for the workplace's backend.
   * @throws {ProtocolError} MessageTooLarge, where no backend would take it: it would hold back what comes after it
   * @throws OutboxKeyConflict; LocalStateFull, LocalStateReadOnly, UnsafePath, ... and then it was not accepted
   */
  static accept(workplace: Workplace, order: OutboxOrder): KeptOrder {
    encodeRequest({ id: order.key, command: '', parameters: order });
    const { entry, isNew } = workplace.outbox.accept({ ...order, ...workplace.destination });
    return new KeptOrder(workplace, entry, isNew);
  }

  /**
   * Takes over an entry that nobody delivers.
   * @returns undefined if it was dropped or delivered, or another command has it
   */
  static claim(workplace: Workplace, entry: OutboxEntry): KeptOrder | undefined {
    const claimed = workplace.outbox.claim(entry);
    return claimed && new KeptOrder(workplace, claimed, true);
  }

  /** A backend has it. One that cannot be removed is answered from the journal when it is delivered again. */
  done(): void {
    if (this.isOwn)
      this.#try('it stays there, and will be answered from the journal', (outbox) => outbox.remove(this.entry));
  }

  /**
   * Gives it up to whoever comes next.
   * @returns whether it will be delivered; false if it is another command's, which may still take it back
   */
  leave(): boolean {
    if (!this.isOwn) return this.#waits();
    this.#try('whoever comes next delivers it all the same', (outbox) => outbox.release(this.entry));
    return true;
  }

  /** @returns whether it will not be delivered any more; false if it will */
  takeBack(): boolean {
    if (!this.isOwn) return !this.#waits();
    let isGone = false;
    this.#try('it stays there, and will be delivered', (outbox) => {
      isGone = outbox.withdraw(this.entry);
    });
    return isGone;
  }

  #waits(): boolean {
    return this.workplace.outbox.isWaiting(this.entry);
  }

  #try(otherwise: string, work: (outbox: Workplace['outbox']) => void): void {
    try {
      work(this.workplace.outbox);
    } catch (error) {
      this.workplace.warn(`the outbox keeps ${this.entry.key}: ${(error as Error).message}; ${otherwise}`);
    }
  }
}
