/** A watch from its start to its end: links, signals, what is published, and the goal that ends it. */
import { onStop } from '../../cli/signals.js';
import type { LinkEvent, Phase } from '../../client/link-state.js';
import { watchNetwork } from '../../client/network/monitor.js';
import type { LinkTiming } from '../../client/timing.js';
import type { StuiPaths } from '../../local/paths.js';
import { Deadline } from '../../time/deadline.js';
import type { Workplace } from '../workplace.js';
import type { WatchEvent } from './event.js';
import { type Goal, isReached } from './goal.js';
import { renderMetrics } from './metrics.js';
import { type Publication, publishMetrics } from './metrics-publication.js';
import { announceWatch } from './running.js';
import { Systemd } from './systemd.js';
import { Watcher } from './watcher.js';

export interface WatchedConnection {
  readonly workplace: Workplace;
  readonly sessions: readonly string[];
  readonly timing: LinkTiming;
}

export interface ConnectionWatchOptions {
  readonly connections: readonly WatchedConnection[];
  readonly goal: Goal;
  /** Time to reach the goal, in ms. */
  readonly timeoutMs?: number | undefined;
  /** A file or a port. */
  readonly metrics?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: StuiPaths;
  readonly onEvent: (event: WatchEvent) => void;
  readonly warn: (message: string) => void;
}

/** `told`: by SIGTERM. */
export type WatchEnd = 'reached' | 'timed-out' | 'told';

export class ConnectionWatch {
  readonly watchers: readonly Watcher[];
  readonly #systemd: Systemd;
  readonly #ended: Promise<WatchEnd>;
  #end: (end: WatchEnd) => void = () => {};
  #hasStarted = false;

  constructor(private readonly options: ConnectionWatchOptions) {
    const onlyLooks = options.goal === 'once';
    const onEvent = (event: WatchEvent) => this.#told(event);
    this.watchers = options.connections.map((connection) => new Watcher({ ...connection, onlyLooks, onEvent }));
    this.#systemd = new Systemd(options.env, options.warn);
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get phases(): readonly Phase[] {
    return this.watchers.map(({ phase }) => phase);
  }

  /**
   * Watches until the goal is reached, its time is over, or SIGTERM comes.
   * @param show shows the watchers until its argument resolves
   * @throws UsageError when metrics cannot be published
   */
  async run(show?: (ended: Promise<unknown>) => Promise<void>): Promise<WatchEnd> {
    const { goal, timeoutMs, metrics } = this.options;
    const publication = metrics === undefined ? undefined : await this.#publish(metrics);
    const network = watchNetwork({ onEvent: ({ type }) => this.#tellAll({ type }) });
    process.on('SIGUSR1', () => this.#tellAll({ type: 'attempt' }));
    // Ending a watch is no failure, except for whoever waits for its goal. Ctrl-C still ends it with 130.
    if (goal === undefined) process.removeAllListeners('SIGTERM').on('SIGTERM', () => this.#end('told'));
    this.#announce();
    const forget = onStop(() => this.#leave());
    const deadline = timeoutMs === undefined ? undefined : new Deadline(timeoutMs, () => this.#end('timed-out'));
    try {
      for (const watcher of this.watchers) await watcher.start();
      this.#hasStarted = true;
      this.#tellSystemd(true);
      const [end] = await Promise.all([this.#ended, show?.(this.#ended)]);
      return end;
    } finally {
      deadline?.cancel();
      await Promise.all([this.#leave(), publication?.stop()]);
      forget();
      for (const watcher of this.watchers) watcher.stop();
      await network.stop();
    }
  }

  async #leave(): Promise<void> {
    for (const watcher of this.watchers) watcher.finish();
    await Promise.all(this.watchers.map((watcher) => watcher.leave()));
  }

  #publish(target: string): Promise<Publication> {
    return publishMetrics(target, () => renderMetrics(this.watchers), this.options.warn);
  }

  #announce(): void {
    try {
      const withdraw = announceWatch(this.options.paths);
      // However it ends: interrupted, or because the reader of its output went away.
      process.once('exit', withdraw);
    } catch (error) {
      this.options.warn(`"stui watch --now" will not find this watch: ${(error as Error).message}`);
    }
  }

  #told(event: WatchEvent): void {
    this.options.onEvent(event);
    if (event.type !== 'phase' || !this.#hasStarted) return;
    this.#tellSystemd(false);
    if (isReached(this.options.goal, this.phases)) this.#end('reached');
  }

  #tellAll(event: LinkEvent): void {
    for (const watcher of this.watchers) watcher.tell(event);
  }

  #tellSystemd(ready: boolean): void {
    const status = this.watchers.map(({ connection, phase }) => `${connection} ${phase}`).join(', ');
    this.#systemd.tell({ ready, status });
  }
}
