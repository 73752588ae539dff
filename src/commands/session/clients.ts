import { formatDuration } from '../../cli/duration.js';
import type { Style } from '../../cli/style.js';
import { table } from '../../cli/table.js';
import type { ClientInfo } from '../../protocol/documents.js';
import { BackendCommand, sessionArg } from '../../service/backend-command.js';

interface Result {
  readonly session: string;
  /** The client that asks: this home. */
  readonly me: string;
  readonly clients: readonly ClientInfo[];
}

export default class SessionClients extends BackendCommand<Result> {
  static override summary = 'List the clients that work, or worked, in a session.';
  static override description =
    'Every home is one client. Connected are those that stay with the session now: with "log --follow", a watch, or a ' +
    'program of their own.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-42 --json',
  ];
  static override args = { session: sessionArg(false) };

  protected override async execute(): Promise<Result> {
    const { args, flags } = await this.parse(SessionClients);
    const workplace = this.workplace(flags);
    const answer = await workplace.ask('list_clients', { session_id: workplace.sessionReference(args.session) });
    return { session: answer.session, me: workplace.clientId, clients: answer.clients };
  }

  protected override render({ clients, me }: Result, style: Style): string {
    return table(
      clients,
      [
        { title: '', value: ({ client }) => (client === me ? '*' : '') },
        { title: 'CLIENT', value: ({ client }) => client, style: style.name, maxWidth: 40 },
        { title: 'STATE', value: ({ connected }) => (connected ? 'connected' : 'away') },
        { title: 'EVALUATIONS', value: ({ evaluations }) => evaluations },
        { title: 'ENTRIES', value: ({ entries }) => entries },
        { title: 'STAYED', value: ({ connectedMs }) => formatDuration(connectedMs) },
        { title: 'LAST', value: ({ lastAt }) => lastAt },
        { title: '', value: ({ owner }) => (owner ? 'owner' : '') },
      ],
      style,
    );
  }
}
