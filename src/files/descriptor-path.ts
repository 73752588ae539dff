/** Paths that stand for something a process has open already (`/dev/stdout`, `/dev/fd/3`). */
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode } from './system-error.js';

const STANDARD = ['/dev/stdin', '/dev/stdout', '/dev/stderr'];

/** The kernel's own limit for links that lead to links (Linux). */
const MAX_LINKS = 40;

export interface Place {
  /** With no link left to follow. */
  readonly path: string;
  /** The descriptor of this process that the path stands for. */
  readonly descriptor: number | undefined;
}

/**
 * Follows symbolic links to what they name, there or not yet there, but not through to the file behind a descriptor.
 * @throws the system's error where a directory on the way is missing, or links lead in a circle
 */
export function placeOf(path: string): Place {
  let at = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const place = STANDARD.includes(at) ? at : join(realpathSync(dirname(at)), basename(at));
    const descriptor = descriptorNamed(place);
    if (descriptor !== undefined) return { path: place, descriptor };
    const target = linkAt(place);
    if (target === undefined) return { path: place, descriptor: undefined };
    at = resolve(dirname(place), target);
  }
  throw Object.assign(new Error(`ELOOP: too many symbolic links encountered, '${path}'`), { code: 'ELOOP' });
}

function descriptorNamed(path: string): number | undefined {
  const standard = STANDARD.indexOf(path);
  if (standard >= 0) return standard;
  const [, process_, number] = /^\/(?:dev|proc\/(self|thread-self|\d+))\/fd\/(\d+)$/.exec(path) ?? [];
  const isOurs = process_ === undefined || process_ === 'self' || process_ === String(process.pid);
  return number !== undefined && isOurs ? Number(number) : undefined;
}

function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
