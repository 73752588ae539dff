import type { Style } from './style.js';
import { columns, cut, pad, visibleLine } from './terminal-text.js';

/** One column of a table over rows of type R. */
export interface Column<R> {
  readonly title: string;
  value(row: R): string | number | null | undefined;
  /** Sets the finished cell off. The value has been made fit for the terminal by then. */
  readonly style?: (cell: string, row: R) => string;
  /** Most columns of the terminal it may take; a longer value is cut. */
  readonly maxWidth?: number;
}

const GAP = '  ';

/** Aligned columns under a heading; the last column is not filled up, so that copying a line copies no blanks. */
export function table<R>(rows: readonly R[], specification: readonly Column<R>[], style: Style): string {
  const cells = rows.map((row) => specification.map((column) => cellText(column, row)));
  const widths = specification.map(({ title }, index) =>
    Math.max(columns(title), ...cells.map((line) => columns(line[index] as string))),
  );
  const last = specification.length - 1;
  const fill = (text: string, index: number): string => (index === last ? text : pad(text, widths[index] as number));
  const heading = specification.map(({ title }, index) => style.dim(fill(title, index)));
  const lines = cells.map((line, rowIndex) =>
    line.map((cell, index) => {
      const filled = fill(cell, index);
      return specification[index]?.style?.(filled, rows[rowIndex] as R) ?? filled;
    }),
  );
  return [heading, ...lines].map((line) => line.join(GAP).trimEnd()).join('\n');
}

/** `label  value` lines with aligned values; pairs without a value are left out. */
export function fields(
  pairs: readonly (readonly [string, string | number | null | undefined])[],
  style: Style,
): string {
  const present = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(0, ...present.map(([label]) => columns(label)));
  return present
    .map(([label, value]) => `${style.dim(pad(label, width))}${GAP}${visibleLine(String(value))}`)
    .join('\n');
}

function cellText<R>({ value, maxWidth = Number.POSITIVE_INFINITY }: Column<R>, row: R): string {
  return cut(visibleLine(String(value(row) ?? '')), maxWidth);
}
