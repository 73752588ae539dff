import { stringArg } from '../../cli/args.js';
import { visibleLine } from '../../cli/terminal-text.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

interface Result {
  readonly name: string;
  readonly removed: true;
  /** Entries of the outbox for its endpoint, which are delivered once a connection leads there again. */
  readonly waiting: number;
}

export default class ConnectionRemove extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Forget a connection. Its backend and sessions stay as they are.';
  static override description =
    'What waits in the outbox for its endpoint stays there, and goes to no other one that gets the name.';
  static override examples = ['<%= config.bin %> <%= command.id %> ci'];
  static override args = { name: stringArg({ description: 'Name of the connection.', required: true }) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(ConnectionRemove);
    const { local, outbox } = this.workplace(flags);
    const { endpoint } = local.connections.get(args.name);
    const waiting = outbox.list({ connection: args.name, endpoint });
    if (waiting.length > 0) {
      this.remark(
        `stui: ${waiting.length} in the outbox for ${endpoint}: add a connection to it again to deliver, or drop with ` +
          `"stui outbox drop ${visibleLine(waiting[0]?.key ?? '')}"`,
      );
    }
    await local.connections.remove(args.name);
    return { name: args.name, removed: true, waiting: waiting.length };
  }

  protected override render({ name }: Result): string {
    return `Forgot ${name}`;
  }
}
