/** Conflicts in words: what stands, what came, and how to decide. */
import type { Style } from '../../cli/style.js';
import { cut, visibleLine } from '../../cli/terminal-text.js';
import type { Conflict } from '../../protocol/documents.js';
import { formatPath } from '../../session/context-path.js';
import { diffLines } from '../../session/diff-lines.js';
import type { Json } from '../../session/json.js';

/** Characters of an id that are shown; they are enough to name it by. */
const ID_LENGTH = 8;

/** Columns of a value on one line. */
const VALUE_WIDTH = 60;

/** Lines of a difference of texts; more are in the JSON. */
const MOST_LINES = 20;

/** One conflict on one line. */
export function conflictLine({ id, path, client, time }: Conflict, style: Style): string {
  const where = style.name(visibleLine(formatPath(path)));
  return `${style.warn(id.slice(0, ID_LENGTH))}  ${where}  ${time}  by ${visibleLine(client)}`;
}

/** All of one conflict. */
export function conflictText(conflict: Conflict, style: Style): string {
  return [conflictLine(conflict, style), ...sidesOf(conflict, style)].join('\n');
}

/** What to do about the conflicts that a change met. */
export function conflictsMet(conflicts: readonly Conflict[], style: Style): string {
  const [first] = conflicts as readonly [Conflict];
  const several = conflicts.length > 1 ? ', one by one' : '';
  return [
    `${style.bad('stui:')} others had changed the same; the session keeps what it had, and what you gave is kept beside it`,
    ...conflicts.map((conflict) => conflictText(conflict, style)),
    style.dim(
      `Decide${several}: stui session resolve ${first.id.slice(0, ID_LENGTH)} --ours (what stands) | --theirs (what came) | --union | --file FILE`,
    ),
  ].join('\n');
}

function sidesOf({ base, ours, theirs }: Conflict, style: Style): string[] {
  if (typeof ours === 'string' && typeof theirs === 'string' && `${ours}${theirs}`.includes('\n')) {
    return linesOf(ours, theirs, style);
  }
  return [
    `  was     ${valueText(base, style)}`,
    `  stands  ${valueText(ours, style)}`,
    `  came    ${valueText(theirs, style)}`,
  ];
}

/** From what stands to what came. */
function linesOf(ours: string, theirs: string, style: Style): string[] {
  const lines = diffLines(ours, theirs).map(({ op, line }) => {
    const text = `  ${op} ${visibleLine(line.replace(/\r?\n$/, ''))}`;
    return op === ' ' ? style.dim(text) : op === '-' ? style.bad(text) : style.good(text);
  });
  const more = lines.length - MOST_LINES;
  const shown = lines.slice(0, MOST_LINES);
  return [style.dim('  - stands, + came'), ...shown, ...(more > 0 ? [style.dim(`  … ${more} more lines`)] : [])];
}

function valueText(value: Json | undefined, style: Style): string {
  return value === undefined ? style.dim('(nothing)') : cut(visibleLine(JSON.stringify(value)), VALUE_WIDTH);
}
