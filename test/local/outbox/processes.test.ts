import { describe, expect, it } from '@jest/globals';
import { Child } from '../child-process.js';
import { temporaryDirectory } from '../temporary.js';
import { bundle } from './bundle.js';
import { files, keys, LAB, order, outboxIn } from './orders.js';
import { startTogether } from './start-together.js';

const PROCESSES = 20;
const ENTRIES = 10;
const KILLS = 50;
const PATIENCE_MS = 180_000;

/** The keys that a child has added and not removed, as far as it came to say so. */
function confirmed(lines: readonly string[]): string[] {
  const left = new Set<string>();
  for (const line of lines) {
    if (line.startsWith('+')) left.add(line.slice(1));
    else left.delete(line.slice(1));
  }
  return [...left];
}

describe(`${PROCESSES} processes that add and remove at once`, () => {
  it(
    'lose nothing and bring nothing back',
    async () => {
      const data = temporaryDirectory();
      const ended = await startTogether('churn', PROCESSES, (pipe, index) => [
        data,
        `p${index}`,
        String(ENTRIES),
        pipe,
      ]);
      for (const { code } of ended) expect(code).toBe(0);
      const outbox = outboxIn(data);
      const left = ended.flatMap(({ lines }) => confirmed(lines.slice(1)));
      expect(left).toHaveLength((PROCESSES * ENTRIES) / 2);
      expect(keys(outbox).sort()).toEqual(left.sort());
      expect(outbox.warnings).toEqual([]);
      // The entries of each are in the order in which it added them.
      for (let index = 0; index < PROCESSES; index += 1) {
        const own = keys(outbox).filter((key) => key.startsWith(`p${index}-`));
        expect(own).toEqual(Array.from({ length: ENTRIES / 2 }, (_, half) => `p${index}-${2 * half + 1}`));
      }
      expect(files(data)).toHaveLength(left.length);
    },
    PATIENCE_MS,
  );

  it(
    'accept a key once, and all get the one entry',
    async () => {
      const data = temporaryDirectory();
      const ended = await startTogether('add-same', PROCESSES, (pipe) => [data, '3 + 4', pipe]);
      const [entry] = outboxIn(data).list();
      expect(ended.map(({ lines }) => lines[1])).toEqual(Array(PROCESSES).fill(entry?.order));
      expect(files(data)).toHaveLength(1);
    },
    PATIENCE_MS,
  );

  it(
    'accept a key for one evaluation only, and refuse all others',
    async () => {
      const data = temporaryDirectory();
      const ended = await startTogether('add-same', PROCESSES, (pipe, index) => [data, String(index), pipe]);
      const [entry] = outboxIn(data).list();
      const answers = ended.map(({ lines }) => lines[1]);
      expect(answers).toContain(entry?.order);
      expect(entry).toMatchObject({ code: String(answers.indexOf(entry?.order)) });
      expect(answers.filter((answer) => answer === 'OutboxKeyConflict')).toHaveLength(PROCESSES - 1);
      expect(files(data)).toHaveLength(1);
    },
    PATIENCE_MS,
  );
});

describe('a process killed while it adds and removes', () => {
  it(
    `loses nothing it accepted and leaves nothing half done, ${KILLS} times over`,
    async () => {
      const data = temporaryDirectory();
      const script = bundle('churn');
      for (let kill = 0; kill < KILLS; kill += 1) {
        const child = new Child(script, [data, `p${kill}`, '0']);
        // The children keep on while the kill is under way, so it finds them anywhere in their work.
        await child.printed(1 + ((kill * 7) % 20));
        const { lines, signal } = await child.kill();
        expect(signal).toBe('SIGKILL');
        const outbox = outboxIn(data);
        const found = keys(outbox);
        const left = confirmed(lines);
        // Of its last step, which it did not live to confirm, either is right.
        expect(found.filter((key) => !left.includes(key)).length).toBeLessThanOrEqual(1);
        expect(left.filter((key) => !found.includes(key)).length).toBeLessThanOrEqual(1);
        for (const key of found) expect(outbox.get(key)).toMatchObject(order(key));
        expect(outbox.orphans(LAB)).toHaveLength(found.length);
        expect(outbox.warnings).toEqual([]);
        expect(files(data)).toHaveLength(found.length);
        for (const key of found) outbox.removeKey(key);
      }
    },
    PATIENCE_MS,
  );
});
