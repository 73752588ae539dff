import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { StuiCommand } from '../../cli/base-command.js';
import { durationFlag } from '../../cli/duration.js';
import { CliError } from '../../cli/errors.js';
import { isGone, signalProcess } from '../../files/process-identity.js';
import { checkedListeningEndpoint } from '../../local/endpoint.js';
import { stuiPaths } from '../../local/paths.js';
import { backendsOnEndpoints, type FoundBackend, findBackend, findBackendAt } from '../../service/local-backend.js';
import { privateDataDirectory } from '../../service/private-backend.js';

interface Result {
  readonly stopped: boolean;
  readonly pid: number | null;
  /** Where the backend that was stopped listened. */
  readonly endpoint: string | null;
  /** Where other backends of this home listen, when nothing was named and the private one does not run. */
  readonly others: readonly string[];
}

/** Running evaluations get 10 s, and 3 s more after an interruption; then the engines are ended. */
const DEFAULT_TIMEOUT_MS = 20_000;

/** How often to look whether it has ended, in ms. */
const LOOK_EVERY_MS = 50;

export default class BackendStop extends StuiCommand<Result> {
  static override summary = 'Stop a backend of this machine, after what it is evaluating.';
  static override description =
    'Without flags it is the private backend of this home. Running evaluations get ten seconds, then they are interrupted. ' +
    'Nothing accepted is lost: what was queued runs when a backend opens the data again. Stopping a backend that does not ' +
    'run is no error.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --endpoint tcp://127.0.0.1:5555',
    '<%= config.bin %> <%= command.id %> --data-dir /var/lib/stui',
  ];
  static override flags = {
    endpoint: Flags.string({ summary: 'Where the backend listens.', exclusive: ['data-dir'] }),
    'data-dir': Flags.string({ summary: 'Data directory of the backend.' }),
    wait: durationFlag({
      summary: 'How long to wait for its end.',
      default: DEFAULT_TIMEOUT_MS,
      defaultHelp: async () => '20s',
    }),
  };

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(BackendStop);
    const paths = stuiPaths(process.env);
    const { endpoint, 'data-dir': directory } = flags;
    const dataDirectory = directory === undefined ? privateDataDirectory(paths) : resolve(directory);
    const found =
      endpoint === undefined
        ? await findBackend(dataDirectory)
        : await findBackendAt(checkedListeningEndpoint(endpoint), paths);
    if (found === undefined) {
      const isUnnamed = endpoint === undefined && directory === undefined;
      const others = isUnnamed ? (await backendsOnEndpoints(paths)).map(({ record }) => record.endpoint) : [];
      return { stopped: false, pid: null, endpoint: null, others };
    }
    requireSignals(found);
    await stop(found, flags.wait);
    return { stopped: true, pid: found.record.pid, endpoint: found.record.endpoint, others: [] };
  }

  protected override render({ stopped, pid, endpoint, others }: Result): string {
    if (stopped) return `Stopped the backend (pid ${pid}, ${endpoint})`;
    if (others.length === 0) return 'No backend runs here';
    const commands = others.map((other) => `stui backend stop --endpoint ${other}`);
    return [`The private backend does not run. Others of this home do; to stop them:`, ...commands].join('\n');
  }
}

/** @throws {CliError} when it is not certain that a signal would reach the backend, and nobody else */
function requireSignals({ standing, record, dataDirectory }: FoundBackend): void {
  const { pid, endpoint } = record;
  if (standing === 'elsewhere') {
    throw new CliError(
      'backend-elsewhere',
      `The backend on ${endpoint} runs where its process cannot be seen from here`,
      {
        exit: 'refused',
        hint: `Stop it in its own container or on its own machine, where it has the process id ${pid}.`,
      },
    );
  }
  if (standing === 'unsure') {
    throw new CliError(
      'backend-unsure',
      `Process ${pid} may be the backend on ${endpoint}, which does not answer, or any other that got its id since`,
      {
        exit: 'refused',
        hint: `Look what it is, and end it yourself if it is the backend. If it is not: remove backend.json in ${dataDirectory}.`,
      },
    );
  }
}

async function stop({ process: backend, record }: FoundBackend, waitMs: number): Promise<void> {
  signalProcess(backend, 'SIGTERM');
  const deadline = Date.now() + waitMs;
  while (!isGone(backend)) {
    if (Date.now() > deadline) {
      throw new CliError('timed-out', `The backend (pid ${record.pid}) is still stopping`, {
        exit: 'timedOut',
        hint: `Wait longer with --wait, or end it with "kill -9 ${record.pid}": nothing acknowledged is lost.`,
      });
    }
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
  }
}
