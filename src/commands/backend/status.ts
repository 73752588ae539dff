import { formatDuration } from '../../cli/duration.js';
import type { Style } from '../../cli/style.js';
import { fields } from '../../cli/table.js';
import { logFile } from '../../local/backend-process.js';
import type { Result } from '../../protocol/command.js';
import type { getBackendStatus } from '../../protocol/commands.js';
import { BackendCommand, STARTING_NONE_FLAGS } from '../../service/backend-command.js';
import { formatBytes } from '../../service/session-text.js';

type BackendReport = Result<typeof getBackendStatus> & { readonly connection: string; readonly log: string | null };

export default class BackendStatus extends BackendCommand<BackendReport> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Show how a backend is. Starts none.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --connection ci --json',
  ];

  protected override async execute(): Promise<BackendReport> {
    const { flags } = await this.parse(BackendStatus);
    const workplace = this.workplace({ ...flags, autostart: false });
    const status = await workplace.ask('get_backend_status', {});
    const log = workplace.isPrivate ? logFile(status.dataDirectory) : null;
    return { connection: workplace.connection, ...status, log };
  }

  protected override render(report: BackendReport, style: Style): string {
    return fields(
      [
        ['connection', report.connection],
        ['endpoint', report.endpoint],
        ['pid', report.pid],
        ['version', report.version],
        ['up', formatDuration(report.uptimeMs)],
        ['sessions', `${report.sessions}, ${report.openSessions} open`],
        ['engines', `${report.engines}, ${report.busy} busy`],
        ['queued', report.queued],
        ['memory', formatBytes(report.memoryBytes)],
        ['storage', formatBytes(report.storageBytes)],
        ['descriptors', descriptorText(report.descriptors)],
        ['data', report.dataDirectory],
        ['log', report.log],
      ],
      style,
    );
  }
}

/** Fewer than these are soon gone: a client takes one, an engine three. */
const FEW_DESCRIPTORS = 16;

function descriptorText(use: BackendReport['descriptors']): string | null {
  if (!use || use.used === null) return null;
  if (use.limit === null) return String(use.used);
  const text = `${use.used} of ${use.limit} in use, ${use.reserved} of them kept for engines`;
  if (use.limit - use.used >= FEW_DESCRIPTORS) return text;
  return `${text}; new connections are kept waiting: raise "ulimit -n" where the backend is started`;
}
