/** What running processes hold of the memory, from the operating system. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @returns resident bytes by process id, of the process and of its children */
export function residentBytes(pid) {
  // Without headers; POSIX has ps give the resident size in KiB.
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,comm='], { encoding: 'utf8' }).trim().split('\n');
  const processes = rows.map((row) => row.trim().split(/\s+/));
  const find = (test) =>
    processes
      // ps itself is a child of whoever measures itself.
      .filter(([id, parent, , name]) => name !== 'ps' && test(Number(id), Number(parent)))
      .map(([id, , rss]) => ({ pid: Number(id), bytes: Number(rss) * 1024 }));
  const [own] = find((id) => id === pid);
  return { own: own.bytes, children: find((_, parent) => parent === pid) };
}

/** @returns the memory that would be freed if the process ended, shared pages counted in part; null where not known */
export function proportionalBytes(pid) {
  try {
    const kib = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    // Linux only.
    return null;
  }
}
