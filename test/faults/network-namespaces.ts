/**
 * A client, a router and a server in network namespaces of their own, and what goes wrong between them. Nothing outside
 * the namespaces is touched, so their addresses may be the same in all of them.
 *
 *     client                    router                   server
 *     home   10.77.1.2 ------- 10.77.1.1  10.77.9.1 ---- 10.77.9.2
 *     office 10.77.2.2 ------- 10.77.2.1
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { signal } from '../e2e/processes.js';

export const SERVER_ADDRESS = '10.77.9.2';

/** The server's address on the lossy path, which leads past the router. */
export const LOSSY_ADDRESS = '10.78.0.2';

export type Place = 'client' | 'router' | 'server';

const PLACES: readonly Place[] = ['client', 'router', 'server'];

const WEATHER = resolve('test/faults/network-weather.pl');

/** @returns why namespaces cannot be made here; undefined when they can */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a feature of Linux';
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  const probe = name('probe');
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', probe]);
    return undefined;
  } catch (error) {
    return `no network namespace can be made: ${(error as Error).message.trim()}`;
  }
}

export class Network {
  readonly #names: Readonly<Record<Place, string>>;
  readonly #children: ChildProcess[] = [];
  #addressEnd = 2;

  constructor() {
    const id = name('net');
    this.#names = { client: `${id}-c`, router: `${id}-r`, server: `${id}-s` };
    const { client, router, server } = this.#names;
    try {
      ip(PLACES.map((place) => `netns add ${this.#names[place]}`));
      // With equal indices on both ends the kernel announces a carrier up to a second late (linkwatch_urgent_event).
      ip([
        `link add home index 11 netns ${client} type veth peer name to-home index 21 netns ${router}`,
        `link add office index 12 netns ${client} type veth peer name to-office index 22 netns ${router}`,
        `link add uplink index 31 netns ${server} type veth peer name to-server index 23 netns ${router}`,
      ]);
      this.#in('router', [
        ...['10.77.1.1/24 dev to-home', '10.77.2.1/24 dev to-office', '10.77.9.1/24 dev to-server'].map(
          (address) => `addr add ${address}`,
        ),
        ...['lo', 'to-home', 'to-office', 'to-server'].map((link) => `link set ${link} up`),
      ]);
      this.run('router', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
      this.#in('server', [
        `addr add ${SERVER_ADDRESS}/24 dev uplink`,
        'link set lo up',
        'link set uplink up',
        'route add default via 10.77.9.1',
      ]);
      this.#in('client', [
        'addr add 10.77.1.2/24 dev home',
        'addr add 10.77.2.2/24 dev office',
        'link set lo up',
        'link set home up',
        'route add default via 10.77.1.1',
      ]);
    } catch (error) {
      this.#removeNamespaces();
      throw error;
    }
  }

  /** The cable is pulled, or the radio is out of reach. */
  unplug(): void {
    this.#in('client', ['link set home down']);
  }

  /** Ends `unplug` as a network manager does: the kernel has forgotten the default route. */
  plug(): void {
    this.#in('client', ['link set home up', 'route replace default via 10.77.1.1']);
  }

  /** From one wireless network, which has been left, to the other. */
  joinOffice(): void {
    this.#in('client', ['link set office up', 'route replace default via 10.77.2.1']);
  }

  leaveOffice(): void {
    this.#in('client', ['link set office down']);
  }

  /** A new lease: the old address is gone, and with it what was bound to it. */
  changeAddress(): void {
    const [old, next] = [this.#addressEnd, this.#addressEnd + 1];
    this.#addressEnd = next;
    this.#in('client', [
      `addr del 10.77.1.${old}/24 dev home`,
      `addr add 10.77.1.${next}/24 dev home`,
      'route replace default via 10.77.1.1',
    ]);
  }

  /** Packets vanish at the router, in both directions; neither end is told. */
  drop(): void {
    this.#in('router', [
      `route add blackhole ${SERVER_ADDRESS}/32`,
      `route add blackhole 10.77.1.${this.#addressEnd}/32`,
    ]);
  }

  /** Ends `drop`. */
  pass(): void {
    this.#in('router', [
      `route del blackhole ${SERVER_ADDRESS}/32`,
      `route del blackhole 10.77.1.${this.#addressEnd}/32`,
    ]);
  }

  /**
   * Makes a second path to LOSSY_ADDRESS, which loses and delays packets. The kernel's own netem would do it, where it
   * is built in; a pair of tunnel devices does it everywhere.
   * @param lossPercent of the packets in each direction
   * @param delayMs in each direction
   */
  async addLossyPath(lossPercent: number, delayMs: number, seed: number): Promise<void> {
    const weather = this.start('client', 'perl', [WEATHER, `${lossPercent}`, `${delayMs}`, `${seed}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await Promise.race([once(weather.stdout as NodeJS.ReadableStream, 'data'), failure(weather)]);
    this.#in('client', [`link set far netns ${this.#names.server}`]);
    this.#in('client', [`addr add 10.78.0.1 peer ${LOSSY_ADDRESS} dev near`, 'link set near up']);
    this.#in('server', [`addr add ${LOSSY_ADDRESS} peer 10.78.0.1 dev far`, 'link set far up']);
  }

  /** Starts a process in one of the places; it ends with the network at the latest. */
  start(place: Place, file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#names[place], file, ...args], options);
    this.#children.push(child);
    return child;
  }

  /** @returns what the command prints */
  run(place: Place, file: string, ...args: readonly string[]): string {
    const command = ['netns', 'exec', this.#names[place], file, ...args];
    return execFileSync('ip', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Kills what runs in the namespaces and removes them. May be called again. */
  async remove(): Promise<void> {
    for (const child of this.#children.splice(0)) await kill(child);
    for (const namespace of this.#existing()) for (const pid of residents(namespace)) signal(pid, 'SIGKILL');
    this.#removeNamespaces();
  }

  /** The links go with them. */
  #removeNamespaces(): void {
    for (const namespace of this.#existing()) execFileSync('ip', ['netns', 'del', namespace]);
  }

  #existing(): string[] {
    return Object.values(this.#names).filter((namespace) => existsSync(`/run/netns/${namespace}`));
  }

  #in(place: Place, commands: readonly string[]): void {
    ip(commands, '-n', this.#names[place]);
  }
}

/** Names are the machine's: other tests make namespaces as well, at the same time. */
function name(purpose: string): string {
  return `stui-${purpose}-${randomBytes(4).toString('hex')}`;
}

/** Also grandchildren of ours, such as the engines of a backend. */
function residents(namespace: string): number[] {
  return execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).split('\n').filter(Boolean).map(Number);
}

function ip(commands: readonly string[], ...options: readonly string[]): void {
  execFileSync('ip', [...options, '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}

async function failure(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
