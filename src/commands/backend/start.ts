import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { StuiCommand } from '../../cli/base-command.js';
import { CliError } from '../../cli/errors.js';
import { writeDocument } from '../../cli/output.js';
import { sizeFlag } from '../../cli/size.js';
import { visible } from '../../cli/terminal-text.js';
import { launchDetached, launchForeground, readBackendRecord } from '../../local/backend-process.js';
import { checkedListeningEndpoint } from '../../local/endpoint.js';
import { stuiPaths } from '../../local/paths.js';
import { openLocalState } from '../../local/state.js';
import type { BackendRecord } from '../../protocol/backend-record.js';
import { useConfiguredDefaults } from '../../service/backend-command.js';
import { findBackend } from '../../service/local-backend.js';
import {
  endpointDataDirectory,
  privateDataDirectory,
  privateLaunch,
  startOnce,
} from '../../service/private-backend.js';

interface Result extends BackendRecord {
  readonly dataDirectory: string;
  readonly detached: boolean;
}

export default class BackendStart extends StuiCommand<Result> {
  static override summary = 'Start a backend: the process that owns sessions.';
  static override description =
    'Without --endpoint it is the private backend of this home, which commands also start by themselves. A backend has no ' +
    'access control yet: whoever reaches its endpoint can run code as you. Endpoints beyond this machine are therefore ' +
    'refused unless --allow-remote says that something else guards them (a firewall, a VPN, an SSH tunnel).';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --detach',
    '<%= config.bin %> <%= command.id %> --endpoint tcp://127.0.0.1:5555 --data-dir /var/lib/stui',
    '<%= config.bin %> <%= command.id %> --endpoint tcp://127.0.0.1:5555 --max-sessions 20 --max-bytes 500MB',
  ];
  static override flags = {
    detach: Flags.boolean({ char: 'd', summary: 'Go on in the background; return when it is ready.' }),
    endpoint: Flags.string({ summary: 'Where to listen: tcp://ADDRESS:PORT (0 for a free one) or ipc://PATH.' }),
    'data-dir': Flags.string({ summary: 'Where to keep the journal.' }),
    'allow-remote': Flags.boolean({ summary: 'Allow an endpoint that other machines can reach.' }),
    'engine-memory-mb': Flags.integer({ summary: 'Memory an engine may use, in MB.', min: 32, max: 65_536 }),
    'max-sessions': Flags.integer({ summary: 'Open sessions that one client may own.', min: 1 }),
    'max-evaluations-per-second': Flags.integer({
      summary: 'Evaluations that the backend takes from one client in a second.',
      min: 1,
    }),
    'max-bytes': sizeFlag({ summary: "Stored bytes that one client's sessions may take together." }),
  };

  #stop = '';

  protected override async init(): Promise<void> {
    await super.init();
    useConfiguredDefaults();
  }

  protected override async execute(): Promise<Result> {
    const { flags } = await this.parse(BackendStart);
    const paths = stuiPaths(process.env);
    const local = openLocalState(paths, { warn: ({ message }) => process.stderr.write(`stui: ${visible(message)}\n`) });
    const { endpoint, 'data-dir': directory } = flags;
    if (endpoint !== undefined) requireGuarded(checkedListeningEndpoint(endpoint), flags['allow-remote']);
    const base = privateLaunch(paths, flags['engine-memory-mb'] ?? local.preferences.get('engineMemoryMb'));
    const own = endpoint === undefined ? privateDataDirectory(paths) : endpointDataDirectory(endpoint, paths);
    const dataDirectory = directory === undefined ? own : resolve(directory);
    const limits = {
      maxSessions: flags['max-sessions'],
      maxEvaluationsPerSecond: flags['max-evaluations-per-second'],
      maxBytes: flags['max-bytes'],
    };
    this.#stop = stopCommand(endpoint, directory);
    const launch = { ...base, endpoint: endpoint ?? base.endpoint, dataDirectory, limits };

    const found = await findBackend(dataDirectory);
    // Of one that is unsure the lock of the journal knows.
    if (found && found.standing !== 'unsure') {
      const running = found.record;
      throw new CliError(
        'backend-running',
        `A backend runs on ${dataDirectory} already (pid ${running.pid}, ${running.endpoint})`,
        {
          exit: 'conflict',
          hint: `Stop it with "${this.#stop}", or give this one its own --data-dir.`,
        },
      );
    }
    if (flags.detach) {
      if (endpoint === undefined && directory === undefined) await startOnce(launch);
      const started = endpoint === undefined && directory === undefined ? readBackendRecord(dataDirectory) : undefined;
      return { ...(started ?? (await launchDetached(launch))), dataDirectory, detached: true };
    }
    const backend = await launchForeground(launch);
    const result = { ...backend.record, dataDirectory, detached: false };
    if (this.jsonEnabled()) await writeDocument(result);
    else await this.writeText(this.render(result));
    // The first signal asks it to stop in order; it interrupts what takes too long by itself.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.removeAllListeners(signal);
      process.on(signal, () => backend.stop('SIGTERM'));
    }
    process.exit(await backend.ended);
  }

  protected override render({ pid, endpoint, dataDirectory, detached }: Result): string {
    const how = detached ? `in the background; stop it with "${this.#stop}"` : 'in the foreground; stop it with Ctrl-C';
    return `The backend (pid ${pid}) listens on ${endpoint}, ${how}\nIts data is in ${dataDirectory}`;
  }
}

/** What ends the backend that is started with these flags. */
function stopCommand(endpoint: string | undefined, directory: string | undefined): string {
  if (directory !== undefined) return `stui backend stop --data-dir ${directory}`;
  return endpoint === undefined ? 'stui backend stop' : `stui backend stop --endpoint ${endpoint}`;
}

function requireGuarded(endpoint: string, allowed: boolean): void {
  if (allowed || endpoint.startsWith('ipc://') || /^tcp:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/.test(endpoint))
    return;
  throw new CliError(
    'remote-refused',
    `${endpoint} can be reached from other machines, and a backend has no access control yet`,
    {
      exit: 'refused',
      hint: 'Listen on tcp://127.0.0.1:PORT behind an SSH tunnel, or say --allow-remote if something else guards it.',
    },
  );
}
