import { isFor } from '../../local/outbox.js';
import { BackendCommand } from '../../service/backend-command.js';
import { type DeliveredEntry, deliverOrphans } from '../../service/delivery.js';
import { deliveryRemark } from '../../service/session-text.js';

interface Result {
  readonly connection: string;
  readonly delivered: readonly DeliveredEntry[];
  /** Entries of this connection that are still in the outbox. */
  readonly left: number;
  /** Entries that a connection of this name accepted for another endpoint; they wait for a connection to that one. */
  readonly elsewhere: number;
}

export default class OutboxFlush extends BackendCommand<Result> {
  static override summary = 'Deliver what waits in the outbox for this connection.';
  static override description =
    'Every evaluation and every change of a workspace is delivered once, in the order of acceptance; "stui result KEY" tells ' +
    'what became of an evaluation. Evaluations and changes do the same before they send anything new. Exits 4 when the ' +
    'backend refuses one, which stays until it is dropped; when it does not take one now, which stays and holds back those ' +
    'behind it in its session; and when a change meets a conflict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --connection ci --json',
  ];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(OutboxFlush);
    const workplace = this.workplace(flags);
    const delivered = await deliverOrphans(workplace);
    if (delivered.some(({ outcome }) => outcome !== 'accepted' && outcome !== 'known')) this.exitAs('conflict');
    const { outbox, connection, destination } = workplace;
    const elsewhere = outbox.list().filter((entry) => entry.connection === connection && !isFor(entry, destination));
    return { connection, delivered, left: outbox.list(destination).length, elsewhere: elsewhere.length };
  }

  protected override render({ connection, delivered, left, elsewhere }: Result): string {
    for (const entry of delivered) this.remark(deliveryRemark(entry));
    if (elsewhere > 0) {
      this.remark(
        `stui: ${elsewhere} in the outbox from when ${connection} had another endpoint: "stui outbox list --json" tells ` +
          'which; a connection to it delivers them',
      );
    }
    const count = delivered.filter(({ outcome }) => outcome !== 'refused' && outcome !== 'waiting').length;
    return `Delivered ${count} ${count === 1 ? 'entry' : 'entries'}${left > 0 ? `; ${left} left` : ''}`;
  }
}
