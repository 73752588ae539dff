/** The monitor on real interfaces, each promise kept by the kernel's stream and by polling. */
import { describe, expect, it } from '@jest/globals';
import { until } from '../../e2e/until.js';
import { describeNetworks, INTERFACE, listensToKernel, TestNetwork } from './namespaces.js';
import { now, type Source, Watcher } from './watcher.js';

/** In which a change must be seen, in ms. It includes the time that `ip` takes to make the change. */
const PROMISE_MS = 250;

/** The median of these decides, so that a stall of a busy machine does not. */
const TRIES = 7;

async function watch(source: Source, network: TestNetwork): Promise<Watcher> {
  const watcher = await Watcher.start(source, network.name);
  if (source !== 'polling') await until('ip monitor to listen', () => listensToKernel(watcher.pid));
  return watcher;
}

/** @returns ms from before `change` until an event named `detail` */
async function timeToSee(watcher: Watcher, change: () => void, detail: RegExp): Promise<number> {
  const before = now();
  change();
  const { at } = await watcher.event(before, detail);
  return (at as number) - before;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function tries<T>(look: (index: number) => Promise<T>): Promise<T[]> {
  return Array.from({ length: TRIES }, (_, index) => index).reduce<Promise<T[]>>(
    async (results, index) => [...(await results), await look(index)],
    Promise.resolve([]),
  );
}

/**
 * What an event says, by source. The kernel's table shows addresses in hexadecimal, last byte first. An interface that
 * went up has its routes at once, but counts as running, which its addresses wait for, up to a second later: Linux passes
 * on changes of the carrier once a second when there are several.
 */
const DETAILS = {
  stream: {
    address: (subnet: number) => new RegExp(`inet 10\\.78\\.${subnet}\\.1/24`),
    down: new RegExp(`${INTERFACE}@\\S+ <(?!([A-Z_-]+,)*UP[,>])`),
    up: new RegExp(`${INTERFACE}@\\S+ <([A-Z_-]+,)*UP[,>]`),
    unplugged: new RegExp(`${INTERFACE}@\\S+ <NO-CARRIER`),
    plugged: new RegExp(`${INTERFACE}@\\S+ <([A-Z_-]+,)*LOWER_UP[,>]`),
    gateway: (host: number) => new RegExp(`(?<!Deleted )default via 10\\.77\\.0\\.${host} `),
  },
  polling: {
    address: (subnet: number) => new RegExp(`\\+ ${INTERFACE} 10\\.78\\.${subnet}\\.1 `),
    down: new RegExp(`- route ${INTERFACE} 00004D0A `),
    up: new RegExp(`\\+ route ${INTERFACE} 00004D0A `),
    unplugged: new RegExp(`- ${INTERFACE} 10\\.77\\.0\\.1 `),
    plugged: new RegExp(`\\+ ${INTERFACE} 10\\.77\\.0\\.1 `),
    gateway: (host: number) => new RegExp(`\\+ route ${INTERFACE} 00000000 0${host}004D0A `),
  },
};

describeNetworks.each(['stream', 'polling'] as const)('in a network of its own, by %s, the monitor', (source) => {
  const details = DETAILS[source];

  it('sees a new address within 250 ms', async () => {
    const network = new TestNetwork();
    const watcher = await watch(source, network);
    const times = await tries((index) =>
      timeToSee(
        watcher,
        () => network.ip('addr', 'add', `10.78.${index}.1/24`, 'dev', INTERFACE),
        details.address(index),
      ),
    );
    expect(median(times)).toBeLessThan(PROMISE_MS);
  });

  it('sees an interface go down and up within 250 ms each', async () => {
    const network = new TestNetwork();
    const watcher = await watch(source, network);
    const set = (state: string) => () => network.ip('link', 'set', INTERFACE, state);
    const times = await tries(async () => ({
      down: await timeToSee(watcher, set('down'), details.down),
      up: await timeToSee(watcher, set('up'), details.up),
    }));
    expect(median(times.map(({ down }) => down))).toBeLessThan(PROMISE_MS);
    expect(median(times.map(({ up }) => up))).toBeLessThan(PROMISE_MS);
  });

  it('sees a cable being unplugged and plugged when the kernel passes it on', async () => {
    const network = new TestNetwork();
    const watcher = await watch(source, network);
    await timeToSee(watcher, () => network.cable('down'), details.unplugged);
    await timeToSee(watcher, () => network.cable('up'), details.plugged);
  });

  it('sees another default route within 250 ms', async () => {
    const network = new TestNetwork();
    const watcher = await watch(source, network);
    const times = await tries((index) =>
      timeToSee(
        watcher,
        () => network.ip('route', 'replace', 'default', 'via', `10.77.0.${index + 2}`),
        details.gateway(index + 2),
      ),
    );
    expect(median(times)).toBeLessThan(PROMISE_MS);
  });
});

describeNetworks('the processes of the monitor', () => {
  /** Until nobody is left to do so, which the kernel announces to no one but their parent. */
  const nobodyRuns = (network: TestNetwork) =>
    until('the end of ip monitor and its shell', () => {
      return [...network.processes('ip'), ...network.processes('sh')].length === 0;
    });

  it('are replaced when they end, without leaving a zombie, and the change meanwhile is seen', async () => {
    const network = new TestNetwork();
    const watcher = await watch('both', network);
    const [first] = network.processes('ip');
    const before = now();
    process.kill(first as number, 'SIGKILL');
    network.ip('addr', 'add', '10.78.1.1/24', 'dev', INTERFACE);
    await watcher.event(before, /10\.78\.1\.1/);
    const second = await until('another ip monitor', () => network.processes('ip').find((pid) => pid !== first));
    expect(network.processes('ip')).toEqual([second]);
    expect(network.processes('sh')).toHaveLength(1);
    expect(watcher.zombies()).toEqual([]);
  });

  it('are replaced when only the shell is killed', async () => {
    const network = new TestNetwork();
    const watcher = await watch('both', network);
    const [first] = network.processes('ip');
    process.kill(network.processes('sh')[0] as number, 'SIGKILL');
    const second = await until('another ip monitor', () => network.processes('ip').find((pid) => pid !== first));
    expect(network.processes('ip')).toEqual([second]);
    expect(watcher.zombies()).toEqual([]);
  });

  it('are gone when the monitor has stopped, and then the process ends by itself', async () => {
    const network = new TestNetwork();
    const watcher = await watch('both', network);
    watcher.kill('SIGUSR2');
    await watcher.message('stop', ({ stopped }) => stopped === true);
    expect([...network.processes('ip'), ...network.processes('sh')]).toEqual([]);
    expect(await watcher.ended).toBe(0);
  });

  it('neither keep ours alive when it has nothing left to do, nor outlive it', async () => {
    const network = new TestNetwork();
    const watcher = await watch('both', network);
    watcher.kill('SIGHUP');
    expect(await watcher.ended).toBe(0);
    await nobodyRuns(network);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('do not outlive ours when it dies of %s', async (signal) => {
    const network = new TestNetwork();
    const watcher = await watch('both', network);
    expect(network.processes('ip')).toHaveLength(1);
    watcher.kill(signal);
    expect(await watcher.ended).toBe(signal);
    await nobodyRuns(network);
  });
});

describe('a process', () => {
  it.each(['both', 'polling'] as const)('ends by itself when only a stopped monitor by %s remains', async (source) => {
    const watcher = await Watcher.start(source);
    watcher.kill('SIGUSR2');
    expect(await watcher.ended).toBe(0);
  });
});
