import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { StuiCommand } from '../../cli/base-command.js';
import { durationFlag } from '../../cli/duration.js';
import { CliError } from '../../cli/errors.js';
import { isGone, signalProcess } from '../../files/process-identity.js';
import { runningBackend } from '../../local/backend-process.js';
import { stuiPaths } from '../../local/paths.js';
import { writerOf } from '../../protocol/backend-record.js';
import { privateDataDirectory } from '../../service/private-backend.js';

interface Result {
  readonly stopped: boolean;
  readonly pid: number | null;
}

/** Running evaluations get 10 s, and 3 s more after an interruption; then the engines are ended. */
const DEFAULT_TIMEOUT_MS = 20_000;

/** How often to look whether it has ended, in ms. */
const LOOK_EVERY_MS = 50;

export default class BackendStop extends StuiCommand<Result> {
  static override summary = 'Stop a backend of this machine, after what it is evaluating.';
  static override description =
    'Running evaluations get ten seconds, then they are interrupted. Nothing accepted is lost: what was queued runs when a ' +
    'backend opens the data again. Stopping a backend that does not run is no error.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --data-dir /var/lib/stui',
  ];
  static override flags = {
    'data-dir': Flags.string({ summary: 'Data directory of the backend. Defaults to that of the private backend.' }),
    wait: durationFlag({
      summary: 'How long to wait for its end.',
      default: DEFAULT_TIMEOUT_MS,
      defaultHelp: async () => '20s',
    }),
  };

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(BackendStop);
    const directory = flags['data-dir'];
    const record = runningBackend(directory ? resolve(directory) : privateDataDirectory(stuiPaths(process.env)));
    if (!record) return { stopped: false, pid: null };
    const writer = writerOf(record);
    signalProcess(writer, 'SIGTERM');
    const deadline = Date.now() + flags.wait;
    while (!isGone(writer)) {
      if (Date.now() > deadline) {
        throw new CliError('timed-out', `The backend (pid ${record.pid}) is still stopping`, {
          exit: 'timedOut',
          hint: `Wait longer with --wait, or end it with "kill -9 ${record.pid}": nothing acknowledged is lost.`,
        });
      }
      await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
    }
    return { stopped: true, pid: record.pid };
  }

  protected override render({ stopped, pid }: Result): string {
    return stopped ? `Stopped the backend (pid ${pid})` : 'No backend runs here';
  }
}
