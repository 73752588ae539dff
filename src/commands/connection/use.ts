import { stringArg } from '../../cli/args.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

interface Result {
  readonly name: string;
  readonly endpoint: string;
  /** STUI_CONNECTION, where it says another one: it goes before this. */
  readonly overriddenBy: string | null;
}

export default class ConnectionUse extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Make a connection the one that commands use.';
  static override examples = ['<%= config.bin %> <%= command.id %> ci', '<%= config.bin %> <%= command.id %> local'];
  static override args = { name: stringArg({ description: 'Name of the connection.', required: true }) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(ConnectionUse);
    const { connections } = this.workplace(flags).local;
    await connections.setDefault(args.name);
    const override = process.env['STUI_CONNECTION'];
    const overriddenBy = override && override !== args.name ? override : null;
    return { name: args.name, endpoint: connections.endpoint(args.name), overriddenBy };
  }

  protected override render({ name, endpoint, overriddenBy }: Result): string {
    if (overriddenBy !== null) {
      this.remark(
        `stui: STUI_CONNECTION is set to ${overriddenBy}, which goes before it: unset it to use ${name} here`,
      );
    }
    return `Commands use ${name} (${endpoint}) now`;
  }
}
