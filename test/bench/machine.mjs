/** What a reader needs to know of the machine to judge the figures. */
import { statfsSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';

/** Of statfs(2): a file system in memory, where a synchronous write costs nothing and proves nothing. */
const TMPFS = 0x01021994;

export function machineFacts() {
  return {
    node: process.version,
    system: `${type()} ${release()} ${arch()}`,
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0],
    /** False: set TMPDIR to a directory on a disk. */
    isDurable: statfsSync(tmpdir()).type !== TMPFS,
    date: new Date().toISOString(),
  };
}
