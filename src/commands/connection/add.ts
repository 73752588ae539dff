import { stringArg } from '../../cli/args.js';
import type { Connection } from '../../local/connections.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

export default class ConnectionAdd extends BackendCommand<Connection> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Give a name to a backend somewhere else.';
  static override description = 'Asks no backend. Adding the same again changes nothing.';
  static override examples = ['<%= config.bin %> <%= command.id %> ci tcp://127.0.0.1:5555'];
  static override args = {
    name: stringArg({ description: 'Name for the connection.', required: true }),
    endpoint: stringArg({ description: 'tcp://HOST:PORT or ipc://PATH.', required: true }),
  };

  protected override async execute(): Promise<Connection> {
    const { args, flags } = await this.parse(ConnectionAdd);
    return this.workplace(flags).local.connections.add(args);
  }

  protected override render({ name, endpoint }: Connection): string {
    return `${name} is ${endpoint}. Use it with --connection ${name}, STUI_CONNECTION, or "stui connection use ${name}".`;
  }
}
