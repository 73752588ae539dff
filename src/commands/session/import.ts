import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { SessionSummary } from '../../protocol/documents.js';
import { importArchive, readArchiveFile } from '../../service/archive-file.js';
import { BackendCommand } from '../../service/backend-command.js';

interface Result {
  readonly session: SessionSummary;
  readonly imported: 'created' | 'advanced' | 'unchanged';
}

const WHAT_HAPPENED = {
  created: 'Imported',
  advanced: 'Brought up to date',
  unchanged: 'Already here',
} as const;

export default class SessionImport extends BackendCommand<Result> {
  static override summary = 'Bring a session here from an archive.';
  static override description =
    'The whole archive is verified before anything is filed. Importing it again changes nothing; a later archive of the ' +
    'same session advances it; one with another history is refused.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42.stui.jsonl.gz',
    'ssh ci cat build-42.stui.jsonl.gz | <%= config.bin %> <%= command.id %> - --json',
  ];
  static override args = {
    file: stringArg({ description: 'Archive to read, or - for stdin.', required: true }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionImport);
    const { bytes } = readArchiveFile(args.file);
    const workplace = this.workplace(flags);
    const { session, imported } = await importArchive(workplace, bytes);
    await workplace.remember(session as SessionSummary);
    return { session: session as SessionSummary, imported: imported as Result['imported'] };
  }

  protected override render({ session, imported }: Result): string {
    const next = session.state === 'closed' ? `\nIt is closed: "stui session restore ${session.id}" opens it.` : '';
    return `${WHAT_HAPPENED[imported]}: ${visibleLine(session.name)} (${session.id}) at revision ${session.revision}${next}`;
  }
}
