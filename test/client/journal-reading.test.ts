import { describe, expect, it } from '@jest/globals';
import { JournalReading } from '../../src/client/journal-reading.js';
import { hashedLine } from '../../src/session/archive.js';
import { chainHash, GENESIS } from '../../src/session/chain.js';
import type { StoredEntry } from '../../src/session/entry.js';

/** The lines of a journal whose entries have these names. */
function journal(...names: readonly string[]): string[] {
  let hash = GENESIS;
  return names.map((name, index) => {
    const line = JSON.stringify({ seq: index + 1, time: '', client: 'me', type: 'renamed', name });
    hash = chainHash(hash, line);
    return hashedLine({ line, hash } as StoredEntry);
  });
}

const page = (lines: readonly string[], after: number) => ({ revision: lines.length, lines: lines.slice(after) });

const take = (reading: JournalReading, lines: readonly string[]) => [...reading.take(page(lines, reading.next.after))];

describe('a journal that is read page by page', () => {
  it('goes on after the newest entry, of which the hash is told', () => {
    const reading = new JournalReading(0);
    expect(take(reading, journal('a', 'b')).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(reading.next).toEqual({ after: 2, seen: { revision: 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(take(reading, journal('a', 'b', 'c'))).toMatchObject([{ seq: 3, name: 'c' }]);
    expect(take(reading, journal('a', 'b', 'c'))).toEqual([]);
  });

  it.each([
    ['shorter', ['a']],
    ['longer', ['a', 'x', 'c']],
  ])('is not read on in another history that is %s, whatever the backend says', (_, names) => {
    const reading = new JournalReading(0);
    take(reading, journal('a', 'b'));
    expect(() => take(reading, journal(...names))).toThrow(expect.objectContaining({ type: 'Diverged' }));
  });

  it('may begin anywhere, also where there is nothing yet', () => {
    expect(take(new JournalReading(7), journal('a', 'b'))).toEqual([]);
    expect(take(new JournalReading(1), journal('a', 'b'))).toMatchObject([{ name: 'b' }]);
  });

  it('begins with what is known of it', () => {
    const known = new JournalReading(0);
    take(known, journal('a'));
    const { seen } = known.next;
    expect(take(new JournalReading(1, seen?.hash), journal('a', 'b'))).toMatchObject([{ name: 'b' }]);
    expect(() => take(new JournalReading(1, seen?.hash), journal('x', 'b'))).toThrow(/another history/);
  });
});
