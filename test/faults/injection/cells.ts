/** Which system calls fail how, in which process, while it does what: the cells of the matrix. */
import type { Failure } from './injection.js';

/** Calls that do the same thing, under the name of the row. Only those that concern files, sockets, memory or processes. */
export const CALLS = {
  open: ['openat'],
  write: ['write', 'pwrite64'],
  read: ['read', 'pread64'],
  sync: ['fsync', 'fdatasync'],
  rename: ['rename'],
  unlink: ['unlink'],
  mkdir: ['mkdir'],
  truncate: ['ftruncate'],
  accept: ['accept', 'accept4'],
  spawn: ['clone', 'clone3', 'vfork'],
  pipe: ['pipe2', 'socketpair'],
  map: ['mmap'],
} as const;

export type Row = keyof typeof CALLS;

/** What each can answer, by the manual pages of Linux. */
export const FAILURES: Readonly<Record<Row, readonly Failure[]>> = {
  open: ['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT', 'EINTR'],
  write: ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR', 'short'],
  read: ['EIO', 'EINTR'],
  sync: ['EIO', 'ENOSPC', 'EDQUOT', 'EINTR'],
  rename: ['EIO', 'ENOSPC', 'EDQUOT', 'ENOMEM'],
  unlink: ['EIO', 'ENOMEM'],
  mkdir: ['EIO', 'ENOSPC', 'EDQUOT', 'ENOMEM'],
  truncate: ['EIO', 'EINTR'],
  accept: ['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR'],
  spawn: ['EAGAIN', 'ENOMEM'],
  pipe: ['EMFILE', 'ENFILE', 'ENOMEM'],
  map: ['ENOMEM'],
};

/** Rows that are calls on named files. */
const FILES: readonly Row[] = ['open', 'write', 'read', 'sync', 'rename', 'unlink', 'mkdir', 'truncate'];

export const BACKEND_PHASES = [
  'start',
  'evaluate',
  'snapshot',
  'compaction',
  'export',
  'import',
  'repair',
  'delete',
  'stop',
] as const;
export const COMMAND_PHASES = ['evaluate', 'change', 'export', 'import'] as const;

export type BackendPhase = (typeof BACKEND_PHASES)[number];
export type CommandPhase = (typeof COMMAND_PHASES)[number];

export type Cell = { readonly row: Row; readonly failure: Failure } & (
  | { readonly process: 'backend'; readonly phase: BackendPhase; readonly when: string }
  | { readonly process: 'command'; readonly phase: CommandPhase }
  | { readonly process: 'engine'; readonly phase: 'evaluate'; readonly when: string }
  | { readonly process: 'backend'; readonly phase: 'cold'; readonly when: string }
);

/** Once, once more after that was survived, and as long as the fault lasts. What takes nothing is asked again for ever. */
function whens(failure: Failure): string[] {
  return failure === 'short' || failure === 'EINTR' ? ['1', '2'] : ['1', '2', '1+'];
}

function cellsOf(rows: readonly Row[], make: (row: Row, failure: Failure) => readonly Cell[]): Cell[] {
  return rows.flatMap((row) => FAILURES[row].flatMap((failure) => make(row, failure)));
}

/** All cells that there are. */
export const CELLS: readonly Cell[] = [
  ...cellsOf(FILES, (row, failure) =>
    BACKEND_PHASES.flatMap((phase) =>
      whens(failure).map((when) => ({ process: 'backend' as const, phase, row, failure, when })),
    ),
  ),
  // An evaluation that has to start an engine, or to be taken from a new connection. A process that is being started counts
  // its own calls, so that its first one would be interrupted however often it is started.
  ...cellsOf(['spawn', 'pipe', 'accept', 'open'], (row, failure) =>
    (row === 'open' && failure === 'EINTR' ? [] : whens(failure)).map((when) => ({
      process: 'backend' as const,
      phase: 'cold' as const,
      row,
      failure,
      when,
    })),
  ),
  ...cellsOf(FILES, (row, failure) =>
    COMMAND_PHASES.map((phase) => ({ process: 'command' as const, phase, row, failure })),
  ),
  ...cellsOf(['write', 'read', 'map'], (row, failure) =>
    whens(failure).map((when) => ({ process: 'engine' as const, phase: 'evaluate' as const, row, failure, when })),
  ),
];

export function nameOf(cell: Cell): string {
  const when = 'when' in cell ? ` (${cell.when})` : '';
  return `${cell.process}, ${cell.phase}: ${cell.row} ${cell.failure}${when}`;
}

/** What became of a cell; undefined where the phase made no such call. */
export interface Verdict {
  readonly cell: Cell;
  readonly problem: string | undefined;
}

/** Rows are calls, columns errors, each with how many of its cells were survived. */
export function matrix(verdicts: readonly Verdict[]): string {
  const columns = [...new Set(Object.values(FAILURES).flat())];
  const rows = Object.keys(CALLS).map((row) => {
    const fields = columns.map((failure) => {
      const those = verdicts.filter(({ cell }) => cell.row === row && cell.failure === failure);
      const survived = those.filter(({ problem }) => problem === undefined).length;
      return those.length === 0
        ? ''
        : survived === those.length
          ? `${survived}`
          : `${survived}, FAILED ${those.length - survived}`;
    });
    return [row, ...fields];
  });
  const table = [['call', ...columns], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((field, column) => field.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
