import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LocalStateNewer } from '../../../src/local/errors.js';
import type { OutboxEntry } from '../../../src/local/outbox.js';
import { temporaryDirectory } from '../temporary.js';
import { files, keys, order, outboxIn, type TestOutbox } from './orders.js';

interface Damaged {
  readonly data: string;
  readonly outbox: TestOutbox;
  /** Path of the entry `bad`; the entries `before` and `after` are good. */
  readonly bad: string;
}

function threeEntries(): Damaged {
  const data = temporaryDirectory();
  const outbox = outboxIn(data);
  for (const key of ['before', 'bad', 'after']) outbox.accept(order(key));
  return { data, outbox, bad: join(data, 'outbox', files(data)[1] ?? '') };
}

/** A position in a file of any length. */
const anywhere = fc.nat(1_000_000);

/** The contents of what was moved aside. */
function aside(data: string): string[] {
  const directory = join(data, 'outbox', 'damaged');
  return readdirSync(directory).map((file) => readFileSync(join(directory, file), 'latin1'));
}

describe('an entry that was damaged on the disk', () => {
  it('is moved aside and reported by name, however short it was cut', () => {
    fc.assert(
      fc.property(anywhere, (position) => {
        const { data, outbox, bad } = threeEntries();
        // Without the line's end it is still whole.
        const length = position % (statSync(bad).size - 1);
        truncateSync(bad, length);
        const content = readFileSync(bad, 'latin1');
        expect(keys(outbox)).toEqual(['before', 'after']);
        expect(aside(data)).toEqual([content]);
        expect(outbox.warnings).toMatchObject([{ code: 'outbox-damaged', file: bad.split('/').at(-1) }]);
        expect(keys(outboxIn(data))).toEqual(['before', 'after']);
      }),
      { numRuns: 30 },
    );
  });

  it('is never taken for an evaluation that nobody wrote, whichever bit flipped', () => {
    fc.assert(
      fc.property(anywhere, fc.nat(7), (position, bit) => {
        const { outbox, bad } = threeEntries();
        const bytes = readFileSync(bad);
        const at = position % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        writeFileSync(bad, bytes);
        const entries = outbox.list();
        expect(entries.map(({ key }) => key).filter((key) => key !== 'bad')).toEqual(['before', 'after']);
        // Only such bits may flip as make no difference: the name of a field that need not be there, the line's end.
        for (const entry of entries) expect(entry).toMatchObject(order(entry.key));
      }),
      { numRuns: 100 },
    );
  });

  it('can be accepted again under its key', () => {
    const { outbox, bad } = threeEntries();
    truncateSync(bad, 10);
    outbox.accept(order('bad'));
    expect(keys(outbox)).toEqual(['before', 'after', 'bad']);
    expect(outbox.warnings).toHaveLength(1);
  });

  it('can be removed unread', () => {
    const { outbox, bad } = threeEntries();
    const entry = outbox.get('bad') as OutboxEntry;
    truncateSync(bad, 10);
    outbox.remove(entry);
    expect(keys(outbox)).toEqual(['before', 'after']);
    expect(outbox.warnings).toEqual([]);
  });

  it('is moved aside when it stands under the name of another key', () => {
    const { data, outbox, bad } = threeEntries();
    writeFileSync(bad, readFileSync(join(data, 'outbox', files(data)[0] ?? '')));
    expect(keys(outbox)).toEqual(['before', 'after']);
    expect(outbox.get('bad')).toBeUndefined();
  });
});

describe('what is no entry', () => {
  const placements: Record<string, (path: string) => void> = {
    'a file': (path) => writeFileSync(path, 'foreign'),
    'an empty file': (path) => writeFileSync(path, ''),
    'a directory': (path) => mkdirSync(path),
    'a link': (path) => symlinkSync('/dev/zero', path),
    'a named pipe': (path) => execFileSync('mkfifo', [path]),
  };
  const names = {
    'a name of its own': 'notes.txt',
    'a long name': '🙂'.repeat(60),
    'a name like an entry': '0001767323045678-00000000.00000000000000000000000000000000.queued',
    'a name like an entry from the end of time': '9999999999999999-00000000.00000000000000000000000000000000.queued',
  };
  const cases = Object.keys(placements).flatMap((what) =>
    Object.entries(names).map(([called, name]) => ({ what, called, name })),
  );

  it.each(cases)('is moved aside and reported: $what with $called', ({ what, name }) => {
    const { data, outbox } = threeEntries();
    placements[what]?.(join(data, 'outbox', name));
    expect(keys(outbox)).toEqual(['before', 'bad', 'after']);
    expect(outbox.warnings).toMatchObject([{ code: 'outbox-damaged', file: name }]);
    expect(readdirSync(join(data, 'outbox', 'damaged'))).toHaveLength(1);
    outbox.accept(order('next'));
    expect(keys(outbox)).toEqual(['before', 'bad', 'after', 'next']);
    expect(outbox.warnings).toHaveLength(1);
  });

  it('does not replace what was moved aside before under the same name', () => {
    const { data, outbox } = threeEntries();
    for (const content of ['one', 'two']) {
      writeFileSync(join(data, 'outbox', 'notes.txt'), content);
      outbox.list();
    }
    expect(aside(data).sort()).toEqual(['one', 'two']);
  });

  it('stays, and is reported once, where it cannot be moved', () => {
    const { data, outbox } = threeEntries();
    writeFileSync(join(data, 'outbox', 'damaged'), 'in the way');
    writeFileSync(join(data, 'outbox', 'notes.txt'), 'foreign');
    expect(keys(outbox)).toEqual(['before', 'bad', 'after']);
    expect(keys(outbox)).toEqual(['before', 'bad', 'after']);
    expect(outbox.warnings).toMatchObject([
      { file: 'notes.txt', message: expect.stringContaining('could not be moved') },
    ]);
    expect(readFileSync(join(data, 'outbox', 'notes.txt'), 'utf8')).toBe('foreign');
  });
});

describe('an entry of a newer stui', () => {
  it('stays where it is and is reported; the others are delivered as ever', () => {
    const { data, outbox, bad } = threeEntries();
    const text = JSON.stringify({ ...JSON.parse(readFileSync(bad, 'utf8')), schemaVersion: 4, code: { later: true } });
    writeFileSync(bad, text);
    expect(keys(outbox)).toEqual(['before', 'after']);
    expect(outbox.warnings).toMatchObject([{ code: 'outbox-newer', message: expect.stringContaining('newer stui') }]);
    expect(readFileSync(bad, 'utf8')).toBe(text);
    expect(() => outbox.get('bad')).toThrow(LocalStateNewer);
    expect(() => outbox.accept(order('bad'))).toThrow(LocalStateNewer);
    expect(files(data)).toHaveLength(3);
  });
});

describe('an entry that is renamed behind the back of a reader', () => {
  it('is found under its new name', () => {
    const { data, outbox } = threeEntries();
    const [first = ''] = files(data);
    // The reader has listed the directory, and asks about the owner of what somebody adds, when the entry is released.
    const adding = `${'0'.repeat(32)}.1.00000000.adding`;
    writeFileSync(join(data, 'outbox', adding), '');
    const reader = outboxIn(data, {
      processes: {
        self: () => ({ pid: process.pid, startedAt: null }),
        isGone: () => {
          if (files(data).includes(first)) {
            renameSync(
              join(data, 'outbox', first),
              join(data, 'outbox', first.replace(/\.[^.]*\.sending$/, '.queued')),
            );
          }
          return false;
        },
      },
    });
    expect(reader.list()).toMatchObject([
      { key: 'before', state: 'queued', owner: null },
      { key: 'bad' },
      { key: 'after' },
    ]);
    expect(keys(outbox)).toEqual(['before', 'bad', 'after']);
  });
});
