import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import type { Conflict, SessionSummary } from '../../protocol/documents.js';
import { importArchive, readArchiveFile } from '../../service/archive-file.js';
import { BackendCommand } from '../../service/backend-command.js';
import { counted } from '../../service/session-text.js';

interface Result {
  readonly session: SessionSummary;
  readonly imported: keyof typeof WHAT_HAPPENED;
  /** After a fork: what could not be merged into the context of the session that was here. */
  readonly conflicts: readonly Conflict[];
}

const WHAT_HAPPENED = {
  created: 'Imported',
  advanced: 'Brought up to date',
  unchanged: 'Already here',
  forked: 'Imported beside the session that was here',
} as const;

export default class SessionImport extends BackendCommand<Result> {
  static override summary = 'Bring a session here from an archive.';
  static override description =
    'The whole archive is verified before anything is filed. Importing it again changes nothing; a later archive of the ' +
    'same session advances it; one with another history is refused, or with --fork becomes a session of its own beside it. The ' +
    'context is then merged into that of the session that was here; exits 4 when that leaves conflicts to decide.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42.stui.jsonl.gz',
    '<%= config.bin %> <%= command.id %> build-42.stui.jsonl.gz --fork',
    'ssh ci cat build-42.stui.jsonl.gz | <%= config.bin %> <%= command.id %> - --json',
  ];
  static override args = {
    file: stringArg({ description: 'Archive to read, or - for stdin.', required: true }),
  };
  static override flags = {
    fork: Flags.boolean({
      summary: 'Where the session is here with another history, keep both: the archive becomes a session beside it.',
    }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionImport);
    const { bytes } = await readArchiveFile(args.file);
    const workplace = this.workplace(flags);
    const answer = await importArchive(workplace, bytes, flags.fork);
    const session = answer.session as SessionSummary;
    await workplace.remember(session);
    if (answer.conflicts.length > 0) this.exitAs('conflict');
    return { session, imported: answer.imported as Result['imported'], conflicts: answer.conflicts };
  }

  protected override render({ session, imported, conflicts }: Result): string {
    const lines = [
      `${WHAT_HAPPENED[imported]}: ${visibleLine(session.name)} (${session.id}) at revision ${session.revision}`,
    ];
    if (session.state === 'closed') lines.push(`It is closed: "stui session restore ${session.id}" opens it.`);
    if (imported === 'forked' && session.forkedFrom) {
      const { name, revision } = session.forkedFrom;
      lines.push(`It has its history in common with ${visibleLine(name)} up to revision ${revision}.`);
    }
    for (const { id, path } of conflicts) lines.push(`conflict ${id.slice(0, 8)}: ${visibleLine(path.join('.'))}`);
    if (conflicts.length > 0) {
      lines.push(
        `${counted(conflicts.length, 'change')} could not be merged: see "stui session conflicts", decide with "stui session resolve".`,
      );
    }
    return lines.join('\n');
  }
}
