/** Networks of the test's own, which only root can make: a namespace with an interface, cabled to another namespace. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe } from '@jest/globals';
import { afterwards } from '../../local/temporary.js';

/** Runs where network namespaces can be made; as root in CI they must be. Elsewhere it is skipped, and says why. */
export const describeNetworks = canMakeNamespaces() ? describe : skipped();

/** The interface in the namespace. */
export const INTERFACE = 'near';

/** Its far end is up and has the addresses 10.77.0.2 to 10.77.0.9/24. */
export class TestNetwork {
  readonly name = `stui-test-${randomBytes(4).toString('hex')}`;
  readonly #far = `${this.name}-far`;

  constructor() {
    for (const name of [this.name, this.#far]) {
      ip('netns', 'add', name);
      afterwards(() => remove(name));
      // Duplicate address detection would change the network again seconds after a test did.
      for (const scope of ['all', 'default']) {
        ip('netns', 'exec', name, 'sysctl', '-qw', `net.ipv6.conf.${scope}.disable_ipv6=1`);
      }
    }
    ip('link', 'add', INTERFACE, 'netns', this.name, 'type', 'veth', 'peer', 'name', 'far', 'netns', this.#far);
    for (let host = 2; host <= 9; host += 1) ip('-n', this.#far, 'addr', 'add', `10.77.0.${host}/24`, 'dev', 'far');
    ip('-n', this.#far, 'link', 'set', 'far', 'up');
    this.ip('link', 'set', INTERFACE, 'up');
    this.ip('addr', 'add', '10.77.0.1/24', 'dev', INTERFACE);
  }

  /** Runs `ip` on the near side. */
  ip(...args: string[]): void {
    ip('-n', this.name, ...args);
  }

  /** Unplugs or plugs the cable at its far end. */
  cable(state: 'down' | 'up'): void {
    ip('-n', this.#far, 'link', 'set', 'far', state);
  }

  /** The processes on the near side whose program is called `command`. */
  processes(command: string): number[] {
    return pids(this.name).filter((pid) => nameOf(pid) === command);
  }
}

/** Whether `pid` can be told of route changes: it, or a process in its network. */
export function listensToKernel(pid: number): boolean {
  const NETLINK_ROUTE = '0';
  return readFileSync(`/proc/${pid}/net/netlink`, 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .some(([, protocol, , groups]) => protocol === NETLINK_ROUTE && Number.parseInt(groups ?? '', 16) > 0);
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

function pids(namespace: string): number[] {
  return ip('netns', 'pids', namespace).split('\n').filter(Boolean).map(Number);
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function remove(namespace: string): void {
  try {
    for (const pid of pids(namespace)) process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile, with the watcher that was killed before.
  }
  ip('netns', 'del', namespace);
}

function canMakeNamespaces(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (process.env['CI']) return true;
  const probe = `stui-test-${randomBytes(4).toString('hex')}`;
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'exec', probe, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    removeProbe(probe);
  }
}

function removeProbe(probe: string): void {
  try {
    execFileSync('ip', ['netns', 'del', probe], { stdio: 'ignore' });
  } catch {
    // It could not be made.
  }
}

function skipped(): typeof describe.skip {
  process.stderr.write('skipping tests in network namespaces: they need root, Linux and `ip netns`\n');
  return describe.skip;
}
