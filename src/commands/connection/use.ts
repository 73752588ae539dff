import { stringArg } from '../../cli/args.js';
import { BackendCommand } from '../../service/backend-command.js';

interface Result {
  readonly name: string;
  readonly endpoint: string;
}

export default class ConnectionUse extends BackendCommand<Result> {
  static override summary = 'Make a connection the one that commands use.';
  static override examples = ['<%= config.bin %> <%= command.id %> ci', '<%= config.bin %> <%= command.id %> local'];
  static override args = { name: stringArg({ description: 'Name of the connection.', required: true }) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(ConnectionUse);
    const { connections } = this.workplace(flags).local;
    await connections.setDefault(args.name);
    return { name: args.name, endpoint: connections.endpoint(args.name) };
  }

  protected override render({ name, endpoint }: Result): string {
    return `Commands use ${name} (${endpoint}) now`;
  }
}
