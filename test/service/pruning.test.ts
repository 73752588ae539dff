import { describe, expect, it } from '@jest/globals';
import { pruneSessions } from '../../src/service/pruning.js';
import type { Workplace } from '../../src/service/workplace.js';

const DAY_MS = 86_400_000;

/** A backend with sessions of these names to remove. */
function rig(...names: string[]) {
  const removed: string[] = [];
  const workplace = {
    ask: async (_: string, { dry_run }: { dry_run: boolean }) => {
      if (!dry_run) removed.push(...names);
      return { sessions: names.map((name) => ({ id: `id of ${name}`, name })), bytes: 2_500, removed: !dry_run };
    },
    forget: async () => {},
  } as unknown as Workplace;
  const prune = (order: object) =>
    pruneSessions(workplace, {
      orphaned: false,
      expired: false,
      olderThanMs: undefined,
      dryRun: false,
      confirmed: false,
      ...order,
    });
  return { prune, removed };
}

describe('a prune of sessions that were used within the last day', () => {
  it('removes nothing unless it is confirmed, and says what it would have removed', async () => {
    const { prune, removed } = rig('a', 'b', 'c', 'd', 'e');
    await expect(prune({ olderThanMs: 3_000 })).rejects.toMatchObject({
      code: 'bad-usage',
      message: 'This would remove 5 sessions (2.5 KB) for good: a, b, c and 2 more',
      hint: expect.stringMatching(/3s.*--yes.*--dry-run/),
    });
    await expect(prune({ olderThanMs: DAY_MS - 1, orphaned: true })).rejects.toThrow('for good');
    expect(removed).toEqual([]);
    expect((await prune({ olderThanMs: 3_000, confirmed: true })).removed).toBe(true);
    expect(removed).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('needs no confirmation where nothing is removed', async () => {
    expect((await rig('a').prune({ olderThanMs: 0, dryRun: true })).removed).toBe(false);
    expect((await rig().prune({ olderThanMs: 0 })).sessions).toEqual([]);
  });

  it('is one of a day and more that needs none', async () => {
    expect((await rig('a').prune({ olderThanMs: DAY_MS })).removed).toBe(true);
    expect((await rig('a').prune({ expired: true })).removed).toBe(true);
  });
});
