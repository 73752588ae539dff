import { stringArg } from '../../cli/args.js';
import { CliError } from '../../cli/errors.js';
import { visible } from '../../cli/terminal-text.js';
import { BackendCommand, sessionFlag } from '../../service/backend-command.js';
import { effectiveValue, type Scope } from '../../service/workspace/effective.js';
import { atFlag, refuseWithUserScope, scopeFlag } from '../../service/workspace/flags.js';
import { pathOf } from '../../service/workspace/input.js';
import { seeContext } from '../../service/workspace/reading.js';
import { seenRemarks } from '../../service/workspace/seen-text.js';
import { formatPath, valueAt } from '../../session/context-path.js';
import type { Json } from '../../session/json.js';

interface Result {
  /** Null for the user's context, as the revision and the time are. */
  readonly session: string | null;
  readonly revision: number | null;
  readonly path: string;
  readonly value: Json;
  readonly source: Scope;
  readonly stale: boolean;
  readonly asOf: string | null;
  /** Changes of the context that wait in the outbox. */
  readonly waiting: number;
}

export default class WorkspaceGet extends BackendCommand<Result> {
  static override summary = 'Print the value at a path of the workspace.';
  static override description =
    'A text is printed as it is, everything else as JSON. Exits 3 when there is no value. What the session says holds over ' +
    'what the user does.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> buffer > buffer.st',
    '<%= config.bin %> <%= command.id %> layout.panels.browser.size',
    '<%= config.bin %> <%= command.id %> preferences -s build-42 --at 12 --json',
  ];
  static override args = {
    path: stringArg({
      description: 'Where, e.g. preferences.font, or as a JSON Pointer, /preferences/font.',
      required: true,
    }),
  };
  static override flags = { session: sessionFlag, scope: scopeFlag(), at: atFlag };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(WorkspaceGet);
    const path = pathOf(args.path);
    const workplace = this.workplace(flags);
    const user = workplace.local.userContext.get();
    if (flags.scope === 'user') {
      refuseWithUserScope(flags, ['session', 'at']);
      const value = valueAt(user, path);
      if (value === undefined) throw noValue(path);
      const nowhere = { session: null, revision: null, stale: false, asOf: null, waiting: 0 };
      return { ...nowhere, path: formatPath(path), value, source: 'user' };
    }
    const seen = await seeContext(workplace, workplace.sessionReference(flags.session), flags.at);
    const found = effectiveValue(user, seen.context, path);
    if (found === undefined) throw noValue(path);
    const { session, revision, stale, asOf, waiting } = seen;
    return { session, revision, path: formatPath(path), ...found, stale, asOf, waiting };
  }

  protected override render(result: Result): string {
    for (const remark of seenRemarks(result)) this.remark(remark);
    const { value } = result;
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
    return process.stdout.isTTY ? visible(text) : text;
  }
}

function noValue(path: readonly string[]): CliError {
  return new CliError('no-value', `There is no value at ${formatPath(path)}`, {
    exit: 'notFound',
    hint: 'See "stui workspace show" for what there is.',
  });
}
