import { Flags } from '@oclif/core';
import { stringArg } from '../cli/args.js';
import { durationFlag } from '../cli/duration.js';
import { CliError, UsageError } from '../cli/errors.js';
import { EXIT_CODES, type ExitName } from '../cli/exit-codes.js';
import { type LiveLine, showLiveLines } from '../cli/live-lines.js';
import { OutputLost, writeJsonLine } from '../cli/output.js';
import type { Style } from '../cli/style.js';
import { visibleLine } from '../cli/terminal-text.js';
import type { Phase } from '../client/link-state.js';
import { LINK_TIMING, ONE_SHOT_TIMING } from '../client/timing.js';
import { stuiPaths } from '../local/paths.js';
import { BackendCommand, openWorkplace, STARTING_NONE_FLAGS } from '../service/backend-command.js';
import { ConnectionWatch, type WatchEnd, type WatchedConnection } from '../service/watch/connection-watch.js';
import type { WatchEvent } from '../service/watch/event.js';
import { EventOutput } from '../service/watch/event-output.js';
import { EventProgram } from '../service/watch/event-program.js';
import { allAnswer, type Goal } from '../service/watch/goal.js';
import { askWatches } from '../service/watch/running.js';
import { eventLine, watchLine } from '../service/watch/view.js';

/** When the watch is over, whoever reads its events or is run on them gets this long to take the last ones, in ms. */
const LAST_EVENTS_MS = 2_000;

interface WatchFlags {
  readonly connection: string | undefined;
  readonly session: readonly string[];
  readonly once: boolean;
  readonly until: 'healthy' | 'lost' | undefined;
}

export default class Watch extends BackendCommand<void> {
  static override baseFlags = STARTING_NONE_FLAGS;
  static override summary = 'Watch connections: how they are, when they break, and what comes back.';
  static override description =
    'Keeps a link to each connection (the one in use when none is named), tries again when it breaks, then restores the ' +
    'sessions it watches, delivers the outbox and gives the account of the outage. It starts no backend. SIGUSR1, or ' +
    '"stui watch --now" from elsewhere, makes it try at once. SIGTERM ends it with exit code 0, unless it waits for ' +
    'something with --until or --once. Under systemd (Type=notify, NotifyAccess=all) it tells how it is.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ci staging --json --metrics 9464',
    '<%= config.bin %> <%= command.id %> ci --until healthy --timeout 2m',
    '<%= config.bin %> <%= command.id %> ci --exec ./page-someone',
  ];
  static override strict = false;
  static override args = { connection: stringArg({ description: 'Connections to watch; several can be given.' }) };
  static override flags = {
    session: Flags.string({
      char: 's',
      multiple: true,
      default: [],
      summary: 'Session to restore after an outage; can be given several times.',
      description: 'Defaults to STUI_SESSION, then to the current session of each connection.',
    }),
    once: Flags.boolean({
      summary:
        'Tell how the connections are, and end: exit 0 when all answer, 5 otherwise. Restores and delivers nothing.',
      exclusive: ['until'],
    }),
    until: Flags.option({ summary: 'End when every connection is so.', options: ['healthy', 'lost'] as const })(),
    timeout: durationFlag({ summary: 'With --until: exit 6 after this long.', dependsOn: ['until'] }),
    exec: Flags.string({
      summary: 'Program to run on every event, with the event as JSON on its stdin.',
      description: 'One run at a time, in the order of the events, each for a minute at most. No shell is involved.',
      helpValue: '<program>',
    }),
    metrics: Flags.string({
      summary: 'Publish metrics in the Prometheus text format: a file to keep, or a port to serve on loopback.',
      helpValue: '<file|port>',
    }),
    now: Flags.boolean({ summary: 'Ask the watches that run already to try at once, and end.', exclusive: ['once'] }),
  };

  protected override readonly jsonForm = 'line';

  protected override async execute(): Promise<void> {
    const { argv, flags } = await this.parse(Watch);
    if (flags.now) return this.#askOthers();
    const goal: Goal = flags.once ? 'once' : flags.until;
    const style = await this.stdoutStyle();
    const json = this.jsonEnabled();
    const live = !json && goal === undefined && canShowLines(process.stdout) && !process.env['CI'];
    const connections = connectionsOf(argv as string[], flags);
    // What stands below the line of each connection on a terminal: the last thing that happened to it.
    const notes = new Map<string, string>();
    const warn = (message: string) => {
      const text = visibleLine(`stui: ${message}`);
      if (live) notes.set(connections[0]?.workplace.connection ?? '', text);
      else process.stderr.write(`${text}\n`);
    };
    const program = flags.exec === undefined ? undefined : new EventProgram(flags.exec, { warn });
    const output = new EventOutput(
      (event) => endWithReader(json ? writeJsonLine(event) : this.#writeLine(event, style)),
      warn,
    );
    const watch = new ConnectionWatch({
      connections,
      goal,
      timeoutMs: flags.timeout,
      metrics: flags.metrics,
      env: process.env,
      paths: stuiPaths(process.env),
      warn,
      onEvent: (event) => {
        program?.run(event);
        if (event.type !== 'phase') notes.set(event.connection, eventLine(event, style));
        // How things are is all that is asked for, and a terminal shows that by itself.
        if (json || (!live && goal !== 'once')) output.tell(event);
      },
    });
    const lines = watch.watchers.map(
      (watcher): LiveLine => ({
        title: () => watchLine(watcher, style),
        note: () => notes.get(watcher.connection) ?? '',
      }),
    );
    const end = await watch.run(live ? (ended) => showLiveLines(lines, ended) : undefined);
    if (goal === 'once' && !json) await this.writeText(lines.map(({ title }) => title()).join('\n'));
    const exit = exitOf(end, goal, watch.phases);
    const read = output.written().then(() => new Promise<void>((resolve) => process.stdout.write('', () => resolve())));
    const [isRead] = await Promise.all([isDoneInTime(read), isDoneInTime(program?.allStarted())]);
    // A command ends when its output has been read, and this reader may never go on.
    if (!isRead) process.exit(EXIT_CODES[exit].code);
    if (exit === 'timedOut') throw new CliError('timed-out', `The connections did not all become ${goal}`, { exit });
    this.exitAs(exit);
  }

  #writeLine(event: WatchEvent, style: Style): Promise<void> {
    return this.writeText(eventLine(event, style));
  }

  async #askOthers(): Promise<void> {
    const asked = askWatches(stuiPaths(process.env));
    if (asked.length === 0) {
      throw new CliError('no-watch', 'No watch runs in this home', {
        exit: 'notFound',
        hint: 'Start one with "stui watch".',
      });
    }
    if (this.jsonEnabled()) await writeJsonLine({ asked });
    else await this.writeText(`Asked ${asked.length} watch${asked.length === 1 ? '' : 'es'} to try now`);
  }

  override async run(): Promise<void> {
    await this.execute();
  }

  protected override render(): string {
    return '';
  }
}

/** `stui watch | head -1` ends when its reader does; whatever else is wrong with the output may pass. */
async function endWithReader(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    if (error instanceof OutputLost && error.isNoNews) process.exit(EXIT_CODES.pipeClosed.code);
    throw error;
  }
}

/** A terminal that does not know its size, such as a serial console, gets events one after the other. */
function canShowLines({ isTTY, columns, rows }: NodeJS.WriteStream): boolean {
  return isTTY === true && columns > 0 && rows > 0;
}

/** @throws UsageError, UnknownConnection */
function connectionsOf(names: readonly string[], flags: WatchFlags): WatchedConnection[] {
  // Where several arguments are allowed, oclif takes an unknown flag for one of them.
  const unknown = names.find((name) => name.startsWith('-'));
  if (unknown) throw new UsageError(`Unknown flag: ${unknown.split('=', 1)[0]}`);
  return [...new Set(names.length > 0 ? names : [flags.connection])].map((name) => {
    const workplace = openWorkplace({ connection: name, autostart: false });
    const current = process.env['STUI_SESSION'] || workplace.local.currentSessions.get(workplace.connection)?.id;
    return {
      workplace,
      sessions: flags.session.length > 0 ? [...new Set(flags.session)] : current ? [current] : [],
      // A mere look does not wait for a host that answers nothing.
      timing: workplace.timing(flags.once ? ONE_SHOT_TIMING : LINK_TIMING),
    };
  });
}

function exitOf(end: WatchEnd, goal: Goal, phases: readonly Phase[]): ExitName {
  if (end === 'timed-out') return 'timedOut';
  return goal === 'once' && !allAnswer(phases) ? 'unreachable' : 'ok';
}

async function isDoneInTime(work: Promise<unknown> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LAST_EVENTS_MS);
  });
  const isDone = await Promise.race([Promise.resolve(work).then(() => true), limit]);
  clearTimeout(timer);
  return isDone;
}
