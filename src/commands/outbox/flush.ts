import { BackendCommand } from '../../service/backend-command.js';
import { type DeliveredEntry, deliverOrphans } from '../../service/delivery.js';
import { deliveryRemark } from '../../service/session-text.js';

interface Result {
  readonly connection: string;
  readonly delivered: readonly DeliveredEntry[];
  /** Entries of this connection that are still in the outbox. */
  readonly left: number;
}

export default class OutboxFlush extends BackendCommand<Result> {
  static override summary = 'Deliver what waits in the outbox for this connection.';
  static override description =
    'Every evaluation and every change of a workspace is delivered once, in the order of acceptance; "stui result KEY" tells ' +
    'what became of an evaluation. Evaluations and changes do the same before they send anything new. Exits 4 when the ' +
    'backend refuses one, which stays until it is dropped, and when a change meets a conflict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --connection ci --json',
  ];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(OutboxFlush);
    const workplace = this.workplace(flags);
    const delivered = await deliverOrphans(workplace);
    if (delivered.some(({ outcome }) => outcome === 'refused' || outcome === 'conflict')) this.exitAs('conflict');
    return { connection: workplace.connection, delivered, left: workplace.outbox.list(workplace.destination).length };
  }

  protected override render({ delivered, left }: Result): string {
    for (const entry of delivered) this.remark(deliveryRemark(entry));
    const count = delivered.filter(({ outcome }) => outcome !== 'refused').length;
    return `Delivered ${count} ${count === 1 ? 'entry' : 'entries'}${left > 0 ? `; ${left} left` : ''}`;
  }
}
