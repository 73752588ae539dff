/** The network between clients and the backend: connections that are refused, slow, cut, silent, or half open. */
import type { ClosedReason, Lane, LaneListener } from '../../src/client/lane.js';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/client/timing.js';
import type { Conditions } from './conditions.js';
import { Pipe } from './pipe.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

/** Who listens at the endpoint. */
export interface Server {
  readonly process: Process;
  receive(frame: Buffer, reply: (frame: string) => void): void;
}

/** One client's way to the backend. Times until which each direction carries nothing, in ms. */
export interface Path {
  readonly name: string;
  upBlockedUntil: number;
  downBlockedUntil: number;
}

/** Comes through a connection after the last frame. */
const END = Symbol('the connection ended');

export class Network {
  /** Nobody listens where it is undefined. */
  server: Server | undefined;
  /** The backend's kernel accepts connections, and the backend does not read, until then. */
  silentUntil = 0;
  readonly #connections = new Set<Connection>();

  constructor(
    readonly scheduler: Scheduler,
    readonly random: Random,
    readonly conditions: Conditions,
    readonly trace: Trace,
  ) {}

  openLane(path: Path, owner: Process, connectTimeoutMs: number, listener: LaneListener): Lane {
    const connection = new Connection(this, path, owner, connectTimeoutMs, listener);
    this.#connections.add(connection);
    return connection;
  }

  /** Breaks the connections of a path; those that are half open are noticed by their silence only. */
  reset(path: Path, halfOpen: boolean): void {
    for (const connection of this.#connections) if (connection.path === path) connection.break(halfOpen);
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }
}

class Connection implements Lane {
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #server: Server | undefined;
  #silent = false;
  readonly #unsent: string[] = [];
  readonly #up: Pipe<string>;
  readonly #down: Pipe<string | typeof END>;

  constructor(
    private readonly network: Network,
    readonly path: Path,
    private readonly owner: Process,
    connectTimeoutMs: number,
    private readonly listener: LaneListener,
  ) {
    const { scheduler, random, conditions } = network;
    const upBlockedUntil = () => Math.max(path.upBlockedUntil, network.silentUntil);
    this.#up = new Pipe(scheduler, random, conditions, upBlockedUntil, (frame) => this.#arriveUp(frame));
    this.#down = new Pipe(
      scheduler,
      random,
      conditions,
      () => path.downBlockedUntil,
      (frame) => this.#arriveDown(frame),
    );
    owner.onEnd(() => this.close());
    owner.after(connectTimeoutMs, () => {
      if (this.#state === 'connecting') this.#end('timeout');
    });
    this.#greet();
  }

  send(frame: string): void {
    if (this.#state === 'connecting') this.#unsent.push(frame);
    else if (this.#state === 'open' && !this.#isLost()) this.#up.push(frame);
  }

  /** What the kernel has taken may still arrive. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#up.cut();
    this.#down.clear();
    this.network.forget(this);
  }

  break(halfOpen: boolean): void {
    if (this.#state !== 'open') return;
    this.#silent = true;
    this.#up.cut();
    this.#down.cut();
    if (!halfOpen) this.#down.push(END);
  }

  /** What a connection lost for good it does not get past. */
  #isLost(): boolean {
    const { random, conditions, scheduler } = this.network;
    if (scheduler.now < conditions.healAt && random.chance(conditions.loss)) this.#silent = true;
    return this.#silent;
  }

  /** The kernels' own handshake; a lost packet of it is sent again. */
  #greet(): void {
    const { random, conditions, scheduler } = this.network;
    const { least, most } = conditions.latency;
    const blocked = Math.max(this.path.upBlockedUntil, this.path.downBlockedUntil, scheduler.now) - scheduler.now;
    this.owner.after(blocked + 2 * random.delay(least, most), () => {
      if (this.#state !== 'connecting') return;
      if (Math.max(this.path.upBlockedUntil, this.path.downBlockedUntil) > scheduler.now) this.#greet();
      else this.#connect();
    });
  }

  #connect(): void {
    const { server, random, conditions } = this.network;
    if (!server) {
      this.#end('refused');
      return;
    }
    this.#state = 'open';
    this.#server = server;
    server.process.onEnd(() => this.#serverEnded());
    this.listener.connected();
    if (this.network.scheduler.now < conditions.healAt && random.chance(conditions.silentShare)) {
      this.#silent = true;
      this.owner.after(HANDSHAKE_TIMEOUT_MS, () => this.#end('disconnect'));
    }
    for (const frame of this.#unsent.splice(0)) this.send(frame);
  }

  #serverEnded(): void {
    this.#up.clear();
    if (this.#state !== 'open') return;
    this.#down.cut();
    this.#down.push(END);
  }

  #arriveUp(frame: string): void {
    const server = this.#server;
    if (!server?.process.alive) return;
    this.network.trace.note(this.network.scheduler.now, `${this.path.name} > ${commandOf(frame)}`);
    server.receive(Buffer.from(frame), (reply) => {
      if (server.process.alive && this.#state === 'open' && !this.#isLost()) this.#down.push(reply);
    });
  }

  #arriveDown(frame: string | typeof END): void {
    if (this.#state !== 'open' || !this.owner.alive) return;
    if (frame === END) {
      this.#end('disconnect');
      return;
    }
    this.network.trace.note(this.network.scheduler.now, `${this.path.name} <`);
    this.listener.message(Buffer.from(frame));
  }

  #end(reason: ClosedReason): void {
    if (this.#state === 'closed') return;
    this.close();
    this.listener.closed(reason);
  }
}

const COMMAND = /"command":"(\w+)"/;

function commandOf(frame: string): string {
  return COMMAND.exec(frame)?.[1] ?? '?';
}
