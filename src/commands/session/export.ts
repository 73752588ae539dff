import { Flags } from '@oclif/core';
import { UsageError } from '../../cli/errors.js';
import { writeBytes } from '../../cli/output.js';
import { visibleLine } from '../../cli/terminal-text.js';
import {
  defaultFileName,
  EXPORT_FORMATS,
  type ExportFormat,
  exportSession,
  writeOutput,
} from '../../service/archive-file.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';
import { formatBytes } from '../../service/session-text.js';

interface Result {
  readonly session: string;
  readonly name: string;
  readonly revision: number;
  readonly format: ExportFormat;
  /** Null when it went to stdout. */
  readonly file: string | null;
  readonly bytes: number;
  readonly leftOut: number;
}

export default class SessionExport extends BackendCommand<Result> {
  static override summary = 'Write a session to a file.';
  static override description =
    'The archive holds the whole journal with its hash chain and the snapshots a restore needs; "session import" verifies ' +
    'all of it. The formats st (a Smalltalk file-in), md and json are for people and other programs.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-42',
    '<%= config.bin %> <%= command.id %> build-42 -o build-42.stui.jsonl.gz --json',
    '<%= config.bin %> <%= command.id %> build-42 --format md -o -',
  ];
  static override args = { session: sessionArg(false) };
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: 'File to write, or - for stdout.',
      description:
        'By default an archive goes to NAME.stui.jsonl.gz in the working directory, the other formats to stdout.',
    }),
    format: Flags.option({ summary: 'What to write.', options: EXPORT_FORMATS, default: 'archive' as const })(),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionExport);
    const toStdout = flags.output === '-' || (flags.output === undefined && flags.format !== 'archive');
    if (toStdout && this.jsonEnabled()) {
      throw new UsageError('With --json, stdout is for the report', 'Give a file with -o, or leave --json out.');
    }
    if (toStdout && flags.format === 'archive' && process.stdout.isTTY) {
      throw new UsageError('An archive is not for a terminal', 'Give a file with -o, or redirect stdout.');
    }
    const workplace = this.workplace(flags);
    const reference = workplace.sessionReference(args.session);
    const generator = `stui ${this.config.version}`;
    const { bytes, ...about } = await exportSession(workplace, reference, flags.format, generator);
    const file = toStdout ? null : (flags.output ?? defaultFileName(about.name));
    if (file === null) await writeBytes(process.stdout, bytes);
    else await writeOutput(file, bytes, flags.format);
    return { ...about, format: flags.format, file, bytes: bytes.length };
  }

  protected override render({ name, revision, file, bytes, leftOut }: Result): string {
    if (leftOut > 0)
      this.remark(`stui: ${leftOut} entries are left out: they follow an evaluation without an outcome yet`);
    if (file === null) return '';
    return `Wrote ${visibleLine(file)}: ${visibleLine(name)} up to revision ${revision}, ${formatBytes(bytes)}`;
  }
}
