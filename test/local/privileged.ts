/** Small and read-only disks, which only root can mount. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from '@jest/globals';
import { afterwards, temporaryDirectory } from './temporary.js';

/** Runs where tmpfs can be mounted; as root in CI it must be. Elsewhere it is skipped, and says why. */
export const itMounts = canMount() ? it : skipped();

/** @returns the mount point of a new tmpfs with `options`, such as `size=64k` */
export function mountTmpfs(options: string): string {
  const point = join(temporaryDirectory(), 'disk');
  mkdirSync(point);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', point]);
  afterwards(() => execFileSync('umount', [point]));
  return point;
}

export function remount(point: string, options: string): void {
  execFileSync('mount', ['-o', `remount,${options}`, point]);
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (process.env['CI']) return true;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function skipped(): typeof it.skip {
  process.stderr.write('skipping tests on small and read-only disks: they need root and mount(8) on Linux\n');
  return it.skip;
}
