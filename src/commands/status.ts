import { Flags } from '@oclif/core';
import { UsageError } from '../cli/errors.js';
import type { Style } from '../cli/style.js';
import { visibleLine } from '../cli/terminal-text.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../service/backend-command.js';
import { type ConnectionStatus, connectionStatus } from '../service/connection-status.js';

const FIELDS = [
  'connection',
  'client',
  'backend',
  'session',
  'state',
  'engine',
  'revision',
  'pending',
  'outbox',
  'latency',
] as const;
type Field = (typeof FIELDS)[number];

export default class Status extends BackendCommand<ConnectionStatus> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Say in one line how the connection, the current session and the outbox are.';
  static override description =
    'Made for prompts and status bars: it starts nothing, waits a second at most, and exits 0 whatever it finds.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --format '{session}@{connection} {state} {revision}'",
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override flags = {
    session: Flags.string({
      char: 's',
      summary: 'Session to tell about. Defaults to STUI_SESSION, then to the current one.',
    }),
    format: Flags.string({
      summary: 'What to print, with fields in braces.',
      description: `Fields: ${FIELDS.map((field) => `{${field}}`).join(' ')}. A field that is not known is empty.`,
    }),
  };

  protected override async execute(): Promise<ConnectionStatus> {
    const { flags } = await this.parse(Status);
    const unknown = [...(flags.format ?? '').matchAll(/\{(\w*)\}/g)].find(
      ([, name]) => !FIELDS.includes(name as Field),
    );
    if (unknown) throw new UsageError(`There is no field ${unknown[0]}`, `Fields: ${FIELDS.join(', ')}.`);
    this.#format = flags.format;
    return connectionStatus(this.workplace({ ...flags, autostart: false }), flags.session);
  }

  #format: string | undefined;

  protected override render(status: ConnectionStatus, style: Style): string {
    const { session } = status;
    const values: Record<Field, string> = {
      connection: status.connection,
      client: status.client ?? '',
      backend: status.backend,
      session: session?.name ?? '',
      state: session ? session.state : '',
      engine: session?.engineState ?? '',
      revision: session ? String(session.revision) : '',
      pending: session ? String(session.pending) : '',
      outbox: String(status.outbox),
      latency: status.latencyMs === null ? '' : `${status.latencyMs.toFixed(1)}ms`,
    };
    if (this.#format !== undefined) {
      return visibleLine(this.#format.replaceAll(/\{(\w+)\}/g, (_, name: Field) => values[name]));
    }
    const mark = status.backend === 'healthy' ? style.good('●') : style.bad('○');
    const where = `${status.connection} ${status.backend}${values.latency ? ` ${values.latency}` : ''}`;
    const outbox = status.outbox > 0 ? style.warn(`  ${status.outbox} in the outbox`) : '';
    if (!session) return `${mark} ${visibleLine(where)}, no session${outbox}`;
    const stale = status.stale ? ' (as last seen)' : '';
    const work = session.engineState === 'none' ? session.state : `${session.state}, ${session.engineState}`;
    return `${mark} ${visibleLine(where)}  ${visibleLine(session.name)} r${session.revision} ${work}${stale}${outbox}`;
  }
}
