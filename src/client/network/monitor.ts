/** Tells the client that the network changed or the machine slept, so that it need not wait for a timeout to learn it. */
import { Burst } from './burst.js';
import { type KernelStream, type StartStream, startIpMonitor } from './kernel-stream.js';
import { type Clocks, type Reading, readClocks, sleptBetween, systemClocks } from './sleep.js';
import { difference, type Snapshot, takeSnapshot } from './snapshot.js';

/** Between two looks, in ms: every change is to be reported within 250 ms. A look takes 0.4 ms. */
export const LOOK_EVERY_MS = 200;

/** A kernel stream says nothing when it has begun to listen. Until it certainly has, in ms, we look as well: it takes 5. */
export const STREAM_TRUSTED_AFTER_MS = 2_000;

/** First and longest delay before a stream that ended is started again, in ms. Polling makes up for it meanwhile. */
export const FIRST_RESTART_MS = 1_000;
export const LONGEST_RESTART_MS = 60_000;

export type NetworkEvent =
  /** Addresses, links or routes are not what they were. `detail` is for people. */
  | { readonly type: 'network'; readonly detail: string }
  /** The machine, or only this process, did not run for this long. */
  | { readonly type: 'woke'; readonly sleptMs: number };

export interface NetworkMonitor {
  /** No event follows. Resolves when the processes of the monitor are gone. May be called again. */
  stop(): Promise<void>;
}

export interface NetworkMonitorOptions {
  onEvent(event: NetworkEvent): void;
  readonly platform?: NodeJS.Platform;
  readonly clocks?: Clocks;
  readonly takeSnapshot?: () => Snapshot;
  /** Instead of `ip monitor`, which only Linux has. */
  readonly startStream?: StartStream;
}

/**
 * Watches addresses, links and routes until it is stopped, without keeping the process alive. It listens to the kernel
 * where it can and polls everywhere else, where it misses what is undone within LOOK_EVERY_MS. Every burst of changes
 * yields two events: one at once, one when it is over. False alarms are possible, so an event is a reason to look, not
 * proof of a broken connection.
 */
export function watchNetwork(options: NetworkMonitorOptions): NetworkMonitor {
  return new Monitor(options);
}

class Monitor implements NetworkMonitor {
  readonly #onEvent: (event: NetworkEvent) => void;
  readonly #clocks: Clocks;
  readonly #takeSnapshot: () => Snapshot;
  readonly #startStream: StartStream | undefined;
  readonly #burst: Burst;
  readonly #looking: NodeJS.Timeout;
  #restarting: NodeJS.Timeout | undefined;
  #stream: KernelStream | undefined;
  #streamOpenedAt = 0;
  #failures = 0;
  #lastReading: Reading;
  #known: Snapshot;
  #stopped: Promise<void> | undefined;

  constructor(options: NetworkMonitorOptions) {
    this.#onEvent = (event) => options.onEvent(event);
    this.#clocks = options.clocks ?? systemClocks;
    this.#takeSnapshot = options.takeSnapshot ?? takeSnapshot;
    const platform = options.platform ?? process.platform;
    this.#startStream = options.startStream ?? (platform === 'linux' ? startIpMonitor : undefined);
    this.#burst = new Burst((detail) => this.#reportNetwork(detail), this.#clocks.monotonic);
    this.#lastReading = readClocks(this.#clocks);
    this.#known = this.#takeSnapshot();
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    this.#openStream();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    clearInterval(this.#looking);
    clearTimeout(this.#restarting);
    this.#burst.cancel();
    await this.#stream?.stop();
  }

  #look(): void {
    this.#lookAtClocks();
    if (!this.#streamIsTrusted()) this.#lookAtNetwork();
  }

  #lookAtClocks(): void {
    const reading = readClocks(this.#clocks);
    const sleptMs = sleptBetween(this.#lastReading, reading, LOOK_EVERY_MS);
    this.#lastReading = reading;
    if (sleptMs > 0) this.#onEvent({ type: 'woke', sleptMs });
  }

  #lookAtNetwork(): void {
    if (this.#stopped !== undefined) return;
    const snapshot = this.#takeSnapshot();
    const changes = difference(this.#known, snapshot);
    this.#known = snapshot;
    if (changes.length > 0) this.#burst.note(changes);
  }

  /** What a trusted stream tells must not be told again by polling when the stream ends. */
  #reportNetwork(detail: string): void {
    if (this.#streamIsTrusted()) this.#known = this.#takeSnapshot();
    this.#onEvent({ type: 'network', detail });
  }

  #openStream(): void {
    if (this.#startStream === undefined) return;
    this.#streamOpenedAt = this.#clocks.monotonic();
    try {
      this.#stream = this.#startStream({
        changed: (lines) => this.#burst.note(lines),
        ended: (cause) => this.#replaceStream(cause),
      });
    } catch {
      this.#replaceStream('failed');
    }
  }

  #replaceStream(cause: 'absent' | 'failed'): void {
    this.#stream = undefined;
    this.#lookAtNetwork();
    if (cause === 'absent' || this.#stopped !== undefined) return;
    if (this.#streamAge() > LONGEST_RESTART_MS) this.#failures = 0;
    const delay = Math.min(FIRST_RESTART_MS * 2 ** this.#failures, LONGEST_RESTART_MS);
    this.#failures += 1;
    this.#restarting = setTimeout(() => this.#openStream(), delay).unref();
  }

  #streamIsTrusted(): boolean {
    return this.#stream !== undefined && this.#streamAge() >= STREAM_TRUSTED_AFTER_MS;
  }

  #streamAge(): number {
    return this.#clocks.monotonic() - this.#streamOpenedAt;
  }
}
