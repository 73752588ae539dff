/** Ranges of revisions on a command line. */
import { UsageError } from '../cli/errors.js';
import { parseRevisionRange, REVISION_RANGE_FORMS, type RevisionRange } from '../session/revision-range.js';

/** @throws UsageError */
export function requestedRange(text: string): RevisionRange {
  const range = parseRevisionRange(text);
  if (range === undefined)
    throw new UsageError(`Not a range of revisions: "${text}"`, `Write ${REVISION_RANGE_FORMS}.`);
  return range;
}
