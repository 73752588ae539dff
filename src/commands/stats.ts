import type { Style } from '../cli/style.js';
import { fields } from '../cli/table.js';
import type { Result } from '../protocol/command.js';
import type { getStatistics } from '../protocol/management-commands.js';
import { BackendCommand } from '../service/backend-command.js';
import { statisticsFields } from '../service/statistics-text.js';

type Counted = Result<typeof getStatistics> & { readonly connection: string };

export default class Stats extends BackendCommand<Counted> {
  static override summary = 'Count what happened in all your sessions, and in those shared with you.';
  static override description = 'For a single session: "stui session show --stats".';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected override async execute(): Promise<Counted> {
    const { flags } = await this.parse(Stats);
    const workplace = this.workplace(flags);
    return { connection: workplace.connection, ...(await workplace.ask('get_statistics', {})) };
  }

  protected override render({ connection, sessions, open, statistics }: Counted, style: Style): string {
    const about = fields(
      [
        ['connection', connection],
        ['sessions', `${sessions}, ${open} open`],
      ],
      style,
    );
    return `${about}\n\n${statisticsFields(statistics, style)}`;
  }
}
