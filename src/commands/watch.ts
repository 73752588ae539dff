import { Flags } from '@oclif/core';
import { stringArg } from '../cli/args.js';
import { durationFlag } from '../cli/duration.js';
import { CliError, UsageError } from '../cli/errors.js';
import { showLiveLines } from '../cli/live-lines.js';
import { writeJsonLine } from '../cli/output.js';
import type { Phase } from '../client/link-state.js';
import { watchNetwork } from '../client/network/monitor.js';
import { LINK_TIMING } from '../client/timing.js';
import { stuiPaths } from '../local/paths.js';
import { BackendCommand, openWorkplace } from '../service/backend-command.js';
import type { WatchEvent } from '../service/watch/event.js';
import { publishMetrics } from '../service/watch/metrics.js';
import { EventProgram, notifySystemd } from '../service/watch/reactions.js';
import { announceWatch, askWatches } from '../service/watch/running.js';
import { eventLine, watchLine } from '../service/watch/view.js';
import { Watcher } from '../service/watch/watcher.js';

const GOOD: ReadonlySet<Phase> = new Set(['healthy', 'degraded', 'busy']);
const GONE: ReadonlySet<Phase> = new Set(['lost', 'waiting', 'idle']);

export default class Watch extends BackendCommand<void> {
  static override summary = 'Watch connections: how they are, when they break, and what comes back.';
  static override description =
    'Keeps a link to each connection (the one in use when none is named), tries again when it breaks, then restores the ' +
    'sessions it watches, delivers the outbox and gives the account of the outage. It starts no backend. SIGUSR1, or ' +
    '"stui watch --now" from elsewhere, makes it try at once. SIGTERM ends it with exit code 0.';
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
    once: Flags.boolean({ summary: 'Tell how the connections are, and end: exit 0 when all answer, 5 otherwise.' }),
    until: Flags.option({ summary: 'End when every connection is so.', options: ['healthy', 'lost'] as const })(),
    timeout: durationFlag({ summary: 'With --until: exit 6 after this long.', dependsOn: ['until'] }),
    exec: Flags.string({
      summary: 'Program to run on every event, with the event as JSON on its stdin.',
      helpValue: '<program>',
    }),
    metrics: Flags.string({
      summary: 'Publish metrics in the Prometheus text format: a file to keep, or a port to serve on loopback.',
      helpValue: '<file|port>',
    }),
    now: Flags.boolean({ summary: 'Ask the watches that run already to try at once, and end.', exclusive: ['once'] }),
  };

  protected override readonly jsonForm = 'line';

  #watchers: Watcher[] = [];
  #settle: (result: { error?: Error }) => void = () => {};

  protected override async execute(): Promise<void> {
    const { argv, flags } = await this.parse(Watch);
    if (flags.now) return this.#askOthers();
    const names = argv as string[];
    const unknown = names.find((name) => name.startsWith('-'));
    if (unknown) throw new UsageError(`Unknown flag: ${unknown.split('=', 1)[0]}`);

    const live =
      !this.jsonEnabled() && !flags.once && !flags.until && process.stdout.isTTY === true && !process.env['CI'];
    const style = await this.stdoutStyle();
    const program = flags.exec === undefined ? undefined : new EventProgram(flags.exec, (text) => this.#warn(text));
    const ended = new Promise<{ error?: Error }>((resolve) => {
      this.#settle = resolve;
    });
    const onEvent = (event: WatchEvent) => {
      program?.run(event);
      if (this.jsonEnabled()) void writeJsonLine(event);
      else if (!live) void this.writeText(eventLine(event, style));
      if (event.type === 'phase') {
        notifySystemd(`--status=${event.connection} is ${event.to}`, process.env, (text) => this.#warn(text));
        this.#check(flags.once ? 'once' : flags.until);
      }
    };
    for (const name of names.length > 0 ? names : [flags.connection]) {
      const workplace = openWorkplace({ connection: name, autostart: false });
      const current = process.env['STUI_SESSION'] || workplace.local.currentSessions.get(workplace.connection)?.id;
      const sessions = flags.session.length > 0 ? flags.session : current ? [current] : [];
      this.#watchers.push(new Watcher({ workplace, sessions, timing: workplace.timing(LINK_TIMING), onEvent }));
    }
    const lines = this.#watchers.map((watcher) => () => watchLine(watcher, style));
    await this.#run(ended, flags, live ? (done) => showLiveLines(lines, done) : undefined);
  }

  async #run(
    ended: Promise<{ error?: Error }>,
    flags: { metrics?: string | undefined; timeout?: number | undefined; until?: string | undefined },
    show: ((done: Promise<void>) => Promise<void>) | undefined,
  ): Promise<void> {
    const paths = stuiPaths(process.env);
    const tellAll = (event: { type: 'attempt' } | { type: 'network' } | { type: 'woke' }) => {
      for (const watcher of this.#watchers) watcher.tell(event);
    };
    const monitor = watchNetwork({ onEvent: ({ type }) => tellAll({ type }) });
    const attempt = () => tellAll({ type: 'attempt' });
    const finish = () => this.#settle({});
    process.on('SIGUSR1', attempt);
    // Ending a watch is not a failure; Ctrl-C still ends it with 130.
    process.removeAllListeners('SIGTERM').on('SIGTERM', finish);
    const stopMetrics = flags.metrics === undefined ? undefined : await publishMetrics(flags.metrics, this.#watchers);
    const withdraw = announceWatch(paths);
    const timer = flags.timeout === undefined ? undefined : setTimeout(() => this.#timeUp(flags.until), flags.timeout);
    try {
      for (const watcher of this.#watchers) await watcher.start();
      notifySystemd('--ready', process.env, (text) => this.#warn(text));
      const [{ error }] = await Promise.all([ended, show?.(ended.then(() => {}))]);
      if (error) throw error;
    } finally {
      clearTimeout(timer);
      withdraw();
      stopMetrics?.();
      for (const watcher of this.#watchers) watcher.stop();
      await monitor.stop();
    }
  }

  #check(goal: 'once' | 'healthy' | 'lost' | undefined): void {
    const phases = this.#watchers.map(({ phase }) => phase);
    const good = phases.every((phase) => GOOD.has(phase));
    if (goal === 'healthy' && good) this.#settle({});
    if (goal === 'lost' && phases.every((phase) => GONE.has(phase))) this.#settle({});
    if (goal !== 'once' || phases.some((phase) => phase === 'connecting')) return;
    if (!good) this.exitAs('unreachable');
    this.#settle({});
  }

  #timeUp(goal: string | undefined): void {
    const error = new CliError('timed-out', `The connections did not all become ${goal}`, { exit: 'timedOut' });
    this.#settle({ error });
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

  #warn(message: string): void {
    process.stderr.write(`stui: ${message}\n`);
  }

  override async run(): Promise<void> {
    await this.execute();
  }

  protected override render(): string {
    return '';
  }
}
