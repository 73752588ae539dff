/** Embedded engines: Amber Smalltalk in a child process of Node. */
import type { DescriptorReserve } from '../../process/descriptors.js';
import type { EngineCommand } from '../command.js';
import { type EngineFactory, EngineUnavailable } from '../contract.js';
import { type EngineProcess, type EngineSystem, startEngineProcess, THIS_SYSTEM } from '../process.js';
import { WarmEngineFactory } from '../warm-factory.js';
import { SnapshotCache } from './snapshot.js';

/** Enough for sessions of some hundred thousand objects; an engine at rest uses about 50 MB. */
const DEFAULT_MEMORY_MB = 128;

/** Keeps V8 from setting aside more for young objects than a session needs. */
const SEMI_SPACE_MB = 4;

/** Descriptors that an engine takes here: its stderr, its calls and answers, its interrupts. */
const PIPES = 3;

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
  /** Descriptors that are kept for engines. */
  readonly descriptors?: DescriptorReserve;
}

/** @throws {EngineUnavailable} from `start`, when neither the snapshot nor the plain program can be started */
export function createEmbeddedEngineFactory(options: EmbeddedEngineOptions): EngineFactory {
  const { spare = false, log = () => {}, descriptors } = options;
  const launcher = new Launcher(options, log);
  const launch = async () => {
    const engine = await launcher.launch();
    descriptors?.occupy(PIPES, engine.exited);
    return engine;
  };
  return new WarmEngineFactory({ name: 'embedded', launch, spare, log });
}

/** Starts embedded engines, from the snapshot where that works. */
class Launcher {
  readonly #bundle: string;
  readonly #memoryMb: number;
  readonly #snapshots: SnapshotCache;
  readonly #system: EngineSystem = THIS_SYSTEM;

  constructor(
    { bundle, cacheDir, memoryMb = DEFAULT_MEMORY_MB, descriptors }: EmbeddedEngineOptions,
    private readonly log: (message: string) => void,
  ) {
    this.#bundle = bundle;
    if (descriptors) {
      const { open } = THIS_SYSTEM;
      this.#system = { ...THIS_SYSTEM, open: (...start) => descriptors.lendToStart(() => open(...start)) };
    }
    this.#memoryMb = memoryMb;
    this.#snapshots = new SnapshotCache({ bundle, cacheDir, flags: this.#flags(), env: environment(), log });
  }

  async launch(): Promise<EngineProcess> {
    const snapshot = await this.#snapshots.blob();
    if (snapshot === undefined) return this.#start([]);
    const withSnapshot = () => this.#start(['--snapshot-blob', snapshot]);
    try {
      // Once more before it is blamed: a process that was killed while it started says nothing about the snapshot.
      return await withSnapshot().catch((error) => {
        if (isScarcity(error)) throw error;
        return withSnapshot();
      });
    } catch (error) {
      if (isScarcity(error)) throw error;
      this.log(`the startup snapshot does not work, starting without it: ${(error as Error).message}`);
      await this.#snapshots.discard();
      return this.#start([]);
    }
  }

  #start(flags: readonly string[]): Promise<EngineProcess> {
    return startEngineProcess(this.#command(flags), this.#system);
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

/** No process could be started at all, which says nothing about what it would have been started with. */
function isScarcity(error: unknown): boolean {
  return error instanceof EngineUnavailable && error.isForScarcity;
}

function environment(): Record<string, string> {
  const passed = PASSED_VARIABLES.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(passed.filter((each): each is [string, string] => each[1] !== undefined));
}
