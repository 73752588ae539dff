/** Embedded engines: Amber Smalltalk in a child process of Node. */
import type { Engine, EngineFactory } from '../contract.js';
import { type EngineCommand, type EngineProcess, startEngineProcess } from '../process.js';
import { SnapshotCache } from './snapshot.js';

/** Enough for sessions of some hundred thousand objects; an engine at rest uses about 50 MB. */
const DEFAULT_MEMORY_MB = 128;

/** Keeps V8 from setting aside more for young objects than a session needs. */
const SEMI_SPACE_MB = 4;

/** What a Smalltalk program may expect of its environment. Everything else, such as passphrases, stays here. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'];

export interface EmbeddedEngineOptions {
  /** The program that `buildEngineBundle` made. */
  readonly bundle: string;
  /** Where the startup snapshot is kept. */
  readonly cacheDir: string;
  /** Limit of an engine's heap, in megabytes. */
  readonly memoryMb?: number;
  /** Whether to keep one engine started and waiting. */
  readonly spare?: boolean;
  readonly log?: (message: string) => void;
}

/** @throws {EngineUnavailable} from `start`, when neither the snapshot nor the plain program can be started */
export function createEmbeddedEngineFactory(options: EmbeddedEngineOptions): EngineFactory {
  return new EmbeddedEngineFactory(options);
}

class EmbeddedEngineFactory implements EngineFactory {
  readonly name = 'embedded';
  readonly #bundle: string;
  readonly #memoryMb: number;
  readonly #keepsSpare: boolean;
  readonly #log: (message: string) => void;
  readonly #snapshots: SnapshotCache;
  #spare: Promise<EngineProcess | undefined> | undefined;
  #closed = false;

  constructor({
    bundle,
    cacheDir,
    memoryMb = DEFAULT_MEMORY_MB,
    spare = false,
    log = () => {},
  }: EmbeddedEngineOptions) {
    this.#bundle = bundle;
    this.#memoryMb = memoryMb;
    this.#keepsSpare = spare;
    this.#log = log;
    this.#snapshots = new SnapshotCache({ bundle, cacheDir, flags: this.#flags(), env: environment(), log });
  }

  async start(): Promise<Engine> {
    const engine = (await this.#takeSpare()) ?? (await this.#launch());
    this.#keepSpare();
    return engine;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const spare = await this.#takeSpare();
    await spare?.stop();
  }

  async #takeSpare(): Promise<EngineProcess | undefined> {
    const spare = await this.#spare;
    this.#spare = undefined;
    spare?.holdProcess(true);
    try {
      // Its death may not have been heard of yet, and an evaluation given to a dead engine has an unknown outcome.
      await spare?.ping();
      return spare;
    } catch {
      return undefined;
    }
  }

  #keepSpare(): void {
    if (!this.#keepsSpare || this.#closed || this.#spare !== undefined) return;
    const launched: Promise<EngineProcess | undefined> = this.#launch().then(
      (engine) => {
        engine.holdProcess(false);
        // A spare that dies is no loss: the next start launches its own.
        engine.exited.then(() => {
          if (this.#spare === launched) this.#spare = undefined;
        });
        return engine;
      },
      (error: Error) => {
        this.#log(`no spare engine: ${error.message}`);
        return undefined;
      },
    );
    this.#spare = launched;
  }

  async #launch(): Promise<EngineProcess> {
    const snapshot = await this.#snapshots.blob();
    if (snapshot === undefined) return startEngineProcess(this.#command([]));
    const withSnapshot = () => startEngineProcess(this.#command(['--snapshot-blob', snapshot]));
    try {
      // Once more before it is blamed: a process that was killed while it started says nothing about the snapshot.
      return await withSnapshot().catch(withSnapshot);
    } catch (error) {
      this.#log(`the startup snapshot does not work, starting without it: ${(error as Error).message}`);
      await this.#snapshots.discard();
      return startEngineProcess(this.#command([]));
    }
  }

  #flags(): string[] {
    return [`--max-old-space-size=${this.#memoryMb}`, `--max-semi-space-size=${SEMI_SPACE_MB}`];
  }

  #command(snapshotFlags: readonly string[]): EngineCommand {
    const memoryMb = this.#memoryMb;
    return {
      file: process.execPath,
      args: [...this.#flags(), ...snapshotFlags, this.#bundle],
      env: environment(),
      interruptBy: 'pipe',
      explainExit: (stderr) =>
        /heap out of memory|Allocation failed/.test(stderr)
          ? `the engine ran out of its ${memoryMb} MB of memory`
          : undefined,
    };
  }
}

function environment(): Record<string, string> {
  const passed = PASSED_VARIABLES.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(passed.filter((each): each is [string, string] => each[1] !== undefined));
}
