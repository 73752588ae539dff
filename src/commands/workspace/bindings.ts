import { Flags } from '@oclif/core';
import { stringArg } from '../../cli/args.js';
import { CliError } from '../../cli/errors.js';
import type { Style } from '../../cli/style.js';
import { table } from '../../cli/table.js';
import type { Binding } from '../../protocol/documents.js';
import { BackendCommand, sessionFlag } from '../../service/backend-command.js';

interface Result {
  readonly session: string;
  readonly revision: number;
  /** An engine runs, so that values could be printed. */
  readonly live: boolean;
  readonly bindings: readonly Binding[];
}

export default class WorkspaceBindings extends BackendCommand<Result> {
  static override summary = 'List the bindings of a session, and how each would come back from a restore.';
  static override description =
    'Starts an engine where none runs, and restores the session into it: values are printed there. With a name, exits 3 ' +
    'when there is no such binding.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> numbers --json',
    '<%= config.bin %> <%= command.id %> --session build-42 --no-start',
  ];
  static override args = { name: stringArg({ description: 'Only the binding of this name.' }) };
  static override flags = {
    session: sessionFlag,
    start: Flags.boolean({ summary: 'Start an engine where none runs.', allowNo: true, default: true }),
  };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(WorkspaceBindings);
    const workplace = this.workplace(flags);
    const found = await workplace.ask(
      'list_bindings',
      { session_id: workplace.sessionReference(flags.session), name: args.name, start: flags.start },
      ENGINE_START_MS,
    );
    if (args.name !== undefined && found.bindings.length === 0) {
      throw new CliError('binding-not-found', `There is no binding ${args.name}`, {
        exit: 'notFound',
        hint: 'See "stui workspace bindings" for those there are.',
      });
    }
    return found;
  }

  protected override render({ bindings, live }: Result, style: Style): string {
    if (!live && bindings.length > 0) this.remark('stui: no engine runs, so there are no values to print');
    if (bindings.length === 0) return 'There are no bindings.';
    return table(
      bindings,
      [
        { title: 'NAME', value: ({ name }) => name, maxWidth: 40, style: style.name },
        { title: 'CLASS', value: (binding) => binding.class, maxWidth: 30 },
        { title: 'PRINT', value: ({ printString }) => printString, maxWidth: 60 },
        { title: 'SIZE', value: ({ size }) => size },
        {
          title: 'FIDELITY',
          value: ({ fidelity }) => fidelity,
          style: (cell, { fidelity }) => (fidelity === 'lost' ? style.bad(cell) : style.good(cell)),
        },
        { title: 'WHY', value: ({ reason }) => reason },
      ],
      style,
    );
  }
}

/** An engine on a busy machine, with a large session to restore and another evaluation in the way, in ms. */
const ENGINE_START_MS = 120_000;
