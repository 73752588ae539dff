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
    'Every evaluation is delivered once, in the order of acceptance; "stui result KEY" tells what became of it. Evaluations ' +
    'do the same before they send anything new. Exits 4 when the backend refuses one: it stays until it is dropped.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --connection ci --json',
  ];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(OutboxFlush);
    const workplace = this.workplace(flags);
    const delivered = await deliverOrphans(workplace);
    if (delivered.some(({ outcome }) => outcome === 'refused')) this.exitAs('conflict');
    return { connection: workplace.connection, delivered, left: workplace.outbox.list(workplace.connection).length };
  }

  protected override render({ delivered, left }: Result): string {
    for (const entry of delivered) this.remark(deliveryRemark(entry));
    const count = delivered.filter(({ outcome }) => outcome !== 'refused').length;
    return `Delivered ${count} evaluation${count === 1 ? '' : 's'}${left > 0 ? `; ${left} left` : ''}`;
  }
}
