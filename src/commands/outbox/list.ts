import type { Style } from '../../cli/style.js';
import { table } from '../../cli/table.js';
import type { OutboxEntry } from '../../local/outbox.js';
import { BackendCommand } from '../../service/backend-command.js';

interface Result {
  readonly entries: readonly OutboxEntry[];
}

export default class OutboxList extends BackendCommand<Result> {
  static override summary = 'List the evaluations that were accepted here and have not reached a backend yet.';
  static override description = 'Asks no backend. All connections, in order of acceptance.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(OutboxList);
    return { entries: this.workplace(flags).outbox.list() };
  }

  protected override render({ entries }: Result, style: Style): string {
    if (entries.length === 0) return 'The outbox is empty.';
    return table(
      entries,
      [
        { title: 'KEY', value: ({ key }) => key, maxWidth: 40 },
        { title: 'ACCEPTED', value: ({ acceptedAt }) => acceptedAt },
        { title: 'CONNECTION', value: ({ connection }) => connection },
        { title: 'SESSION', value: ({ session }) => session, maxWidth: 36 },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'CODE', value: ({ code }) => code.trim(), maxWidth: 50 },
      ],
      style,
    );
  }
}
