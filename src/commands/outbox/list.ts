import type { Style } from '../../cli/style.js';
import { table } from '../../cli/table.js';
import { isChange, type OutboxEntry } from '../../local/outbox.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';
import { formatPath } from '../../session/context-path.js';
import { patchPlaces } from '../../session/patch-places.js';

interface Result {
  readonly entries: readonly (OutboxEntry & { readonly kind: 'evaluation' | 'change' })[];
}

export default class OutboxList extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary =
    'List the evaluations and changes that were accepted here and have not reached a backend yet.';
  static override description = 'Asks no backend. All connections, in order of acceptance.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(OutboxList);
    const entries = this.workplace(flags).outbox.list();
    return { entries: entries.map((entry) => ({ ...entry, kind: isChange(entry) ? 'change' : 'evaluation' })) };
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
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'WHAT', value: (entry) => contentOf(entry), maxWidth: 50 },
      ],
      style,
    );
  }
}

function contentOf(entry: OutboxEntry): string {
  if (!isChange(entry)) return entry.code.trim();
  return patchPlaces(entry.patch)
    .map(({ path }) => formatPath(path))
    .join(', ');
}
