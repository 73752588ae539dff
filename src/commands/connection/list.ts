import type { Style } from '../../cli/style.js';
import { table } from '../../cli/table.js';
import { LOCAL_CONNECTION } from '../../local/connection-name.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';

interface Result {
  readonly connections: readonly { readonly name: string; readonly endpoint: string; readonly default: boolean }[];
}

export default class ConnectionList extends BackendCommand<Result> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'List connections. "local" is the private backend.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(ConnectionList);
    const { connections } = this.workplace(flags).local;
    const byDefault = connections.defaultName();
    const names = [LOCAL_CONNECTION, ...connections.list().map(({ name }) => name)];
    return {
      connections: names.map((name) => ({ name, endpoint: connections.endpoint(name), default: name === byDefault })),
    };
  }

  protected override render({ connections }: Result, style: Style): string {
    return table(
      connections,
      [
        { title: '', value: (connection) => (connection.default ? '*' : '') },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'ENDPOINT', value: ({ endpoint }) => endpoint },
      ],
      style,
    );
  }
}
