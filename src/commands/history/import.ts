import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { ENCODING_HINT, encodingFlag } from '../../cli/encoding.js';
import type { Style } from '../../cli/style.js';
import { type Column, table } from '../../cli/table.js';
import { BackendCommand, ifRevisionFlag, sessionFlag } from '../../service/backend-command.js';
import { findInputs, type InputsFound, type InputToRecord, recordAll } from '../../service/history-import.js';
import { readInput, textOf } from '../../service/input-file.js';
import { KEEP_ALL, redactionOf } from '../../service/redaction.js';
import { RECORD_FORMATS } from '../../session/recorded-inputs.js';

interface Result extends Omit<InputsFound, 'inputs'> {
  readonly dryRun: boolean;
  /** Session id; null when nothing was recorded because of --dry-run. */
  readonly session: string | null;
  /** Inputs in the file. */
  readonly found: number;
  /** Inputs of which secrets were left out. */
  readonly redacted: number;
  readonly recorded: number;
  /** Inputs that the history had already, typed at the same time. */
  readonly known: number;
  /** With --dry-run: what would be recorded. */
  readonly inputs: readonly InputToRecord[] | null;
}

export default class HistoryImport extends BackendCommand<Result> {
  static override summary = 'Bring inputs from a history file into the history of a session, without running them.';
  static override description =
    'Of a text every line is an input; of a Smalltalk source in chunk format, such as an export with --format st, every ' +
    'chunk; of the history of a shell every "stui eval" whose code it holds. Secrets are left out as "stui eval" leaves ' +
    'them out. Inputs whose time the file has are added once, however often it is imported; those without a time are ' +
    'added each time. "stui history replay" runs them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ~/.bash_history --dry-run',
    '<%= config.bin %> <%= command.id %> session.st --session build-42',
    'history | <%= config.bin %> <%= command.id %> - --format bash --json',
  ];
  static override args = {
    file: stringArg({ description: 'File to read, or - for stdin.', required: true }),
  };
  static override flags = {
    session: sessionFlag,
    format: Flags.option({
      summary: 'What the file is. "auto" tells by what is in it.',
      options: ['auto', ...RECORD_FORMATS] as const,
      default: 'auto' as const,
    })(),
    encoding: encodingFlag,
    'dry-run': Flags.boolean({ summary: 'Only say what would be recorded.' }),
    'if-revision': ifRevisionFlag,
    redact: Flags.boolean({
      summary: 'Leave out secrets; --no-redact records them too.',
      allowNo: true,
      default: true,
    }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(HistoryImport);
    const workplace = this.workplace(flags);
    const redaction = flags.redact ? await redactionOf(workplace) : KEEP_ALL;
    const found = findInputs(await readInput(args.file), flags.format, redaction, (bytes) =>
      textOf(bytes, args.file, flags.encoding, ENCODING_HINT),
    );
    const done = flags['dry-run']
      ? { session: null, recorded: 0, known: 0 }
      : await recordAll(workplace, workplace.sessionReference(flags.session), found, flags['if-revision']);
    return {
      dryRun: flags['dry-run'],
      ...found,
      ...done,
      found: found.inputs.length,
      redacted: found.inputs.filter(({ redacted }) => redacted).length,
      inputs: flags['dry-run'] ? found.inputs : null,
    };
  }

  protected override render(result: Result, style: Style): string {
    const { dryRun, inputs, found, recorded, known, redacted, skipped, tooLong, format } = result;
    const particulars = [
      known > 0 ? `${known} were there already` : '',
      redacted > 0 ? `${redacted} without their secrets` : '',
      skipped > 0 ? `${skipped} skipped because the file does not hold their code` : '',
      tooLong > 0 ? `${tooLong} skipped because they are too long` : '',
    ].filter((each) => each !== '');
    const count = dryRun ? found : recorded;
    const what = `${dryRun ? 'Would record' : 'Recorded'} ${count} input${count === 1 ? '' : 's'} from ${format}`;
    const summary = [what, ...particulars].join('; ');
    return inputs && inputs.length > 0 ? `${table(inputs, COLUMNS, style)}\n\n${summary}` : summary;
  }
}

const COLUMNS: readonly Column<InputToRecord>[] = [
  { title: 'TIME', value: ({ time }) => time },
  { title: 'CODE', value: ({ code }) => code.trim(), maxWidth: 100 },
];
