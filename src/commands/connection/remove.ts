import { stringArg } from '../../cli/args.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

interface Result {
  readonly name: string;
  readonly removed: true;
}

export default class ConnectionRemove extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Forget a connection. Its backend and sessions stay as they are.';
  static override examples = ['<%= config.bin %> <%= command.id %> ci'];
  static override args = { name: stringArg({ description: 'Name of the connection.', required: true }) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(ConnectionRemove);
    await this.workplace(flags).local.connections.remove(args.name);
    return { name: args.name, removed: true };
  }

  protected override render({ name }: Result): string {
    return `Forgot ${name}`;
  }
}
