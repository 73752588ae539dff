import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeArchive, hashedLine, unhashedLine } from '../../src/session/archive.js';
import { decodeArchive } from '../../src/session/archive-decoder.js';
import { DamagedArchive, NewerArchive } from '../../src/session/archive-errors.js';
import { GENESIS } from '../../src/session/chain.js';
import type { EntryBody, StoredEntry } from '../../src/session/entry.js';
import { fold } from '../../src/session/state.js';
import { ABOUT, archiveText, bodyLines, chained, contentOf, forged, sha256, snapshotOf, stored } from './archives.js';
import { created, entries, evaluation, input, journals, output } from './entries.js';

const full = Buffer.from('{"roots":{"x":3}}');
const changes = Buffer.from([0, 255, 10, 13, 128]);
const SMALL = archiveText(
  [created(), ...evaluation('a', "x := 'é\u2028'"), snapshotOf(full), snapshotOf(changes, 'changes')],
  full,
  changes,
);

/** Decodes, and fails on any other exception than the two that importers know. */
function verdict(text: string): 'damaged' | 'newer' | string {
  try {
    return contentOf(text);
  } catch (error) {
    if (error instanceof DamagedArchive) return 'damaged';
    if (error instanceof NewerArchive) return 'newer';
    throw error;
  }
}

/** Journals with real bytes behind the snapshots, and names that a session can have. */
const archives = fc
  .tuple(journals, fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 31, maxLength: 31 }))
  .map(([all, bytes]) => {
    const blobs = new Map<number, Uint8Array>();
    const real = all.map((entry) => {
      if (entry.type !== 'snapshot') return entry;
      const blob = bytes[entry.seq - 1] as Uint8Array;
      blobs.set(entry.seq, blob);
      return { ...entry, digest: sha256(blob), bytes: blob.length };
    });
    return { entries: stored(real), blobs };
  });

describe('an archive', () => {
  it('brings back the entries, their hashes, the state, and the snapshots that a restore needs', () => {
    fc.assert(
      fc.property(archives, ({ entries: all, blobs }) => {
        const state = fold(all.map(({ entry }) => entry));
        const archive = decodeArchive(encodeArchive(all, blobs, ABOUT));
        expect(archive.header).toEqual({
          format: 'stui-archive',
          version: 1,
          id: state.id,
          name: state.name,
          revision: state.revision,
          ...ABOUT,
        });
        expect(JSON.stringify(archive.entries)).toBe(JSON.stringify(all));
        expect(JSON.stringify(archive.state)).toBe(JSON.stringify(state));
        expect([...archive.blobs.keys()]).toEqual(state.snapshots.map(({ seq }) => seq));
        for (const [seq, bytes] of archive.blobs) expect(Buffer.from(bytes)).toEqual(Buffer.from(blobs.get(seq) ?? []));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['unicode', "'é 作業 😀'"],
    ['separators that only JavaScript knows', '\u2028\u2029\u0085'],
    ['line ends of all kinds', 'a\rb\nc\r\nd'],
    ['lone surrogates', '\ud800 \udfff'],
    ['the replacement character', '\ufffd'],
    ['NUL and other controls', '\u0000\u0007\u001b[31m'],
    ['what looks like the hash at the end of a line', `","hash":"${'a'.repeat(64)}"}`],
    ['what looks like it, escaped', `\\","hash":"${'a'.repeat(64)}"}\n`],
    ['what looks like a footer', '\n{"footer":{"entries":1}}\n'],
    ['a megabyte in one line', 'x'.repeat(1_000_000)],
  ])('keeps code with %s exactly, also through bytes', (_, code) => {
    const bodies = [created(), input('a', code), { type: 'context' as const, patch: { hash: 'b'.repeat(64) } }];
    const text = Buffer.from(archiveText(bodies)).toString('utf8');
    expect(decodeArchive(text).entries.map(({ entry }) => entry)).toEqual(entries(...bodies));
  });

  it('keeps a context as deep as a message can bring', () => {
    const bodies = [created(), { type: 'context' as const, patch: nested(63) }];
    expect(JSON.stringify(decodeArchive(archiveText(bodies)).state.context)).toBe(JSON.stringify(nested(63)));
  });

  it('keeps a snapshot that is empty', () => {
    const empty = new Uint8Array();
    expect([...decodeArchive(archiveText([created(), snapshotOf(empty)], empty)).blobs]).toEqual([
      [2, Buffer.alloc(0)],
    ]);
  });

  it('cannot be made without the bytes of a snapshot that a restore needs', () => {
    const all = stored(entries(created(), snapshotOf(full)));
    expect(() => encodeArchive(all, new Map(), ABOUT)).toThrow(DamagedArchive);
  });

  it('of 20,000 entries is read', () => {
    const bodies: EntryBody[] = [created()];
    while (bodies.length < 20_000) bodies.push(...evaluation(`key-${bodies.length}`, 'x := x + 1'));
    expect(decodeArchive(archiveText(bodies)).state.revision).toBe(bodies.length);
  });
});

describe('damage', () => {
  it('by any flipped bit of any byte is found', () => {
    const bytes = Buffer.from(SMALL);
    for (let position = 0; position < bytes.length; position++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[position] = (bytes[position] as number) ^ (1 << bit);
        const found = verdict(bytes.toString('utf8'));
        bytes[position] = (bytes[position] as number) ^ (1 << bit);
        if (found !== 'damaged' && found !== 'newer') throw new Error(`bit ${bit} of byte ${position} was missed`);
      }
    }
    expect(verdict(bytes.toString('utf8'))).toBe(contentOf(SMALL));
  });

  it('by any other byte anywhere in a larger archive is found', () => {
    const bodies: EntryBody[] = [created(), snapshotOf(full)];
    while (bodies.length < 200) bodies.push(...evaluation(`key-${bodies.length}`, `x := 'é' , ${bodies.length}`));
    const good = Buffer.from(archiveText(bodies, full));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        const bytes = Buffer.from(good);
        bytes[position] = (bytes[position] as number) ^ mask;
        expect(['damaged', 'newer']).toContain(verdict(bytes.toString('utf8')));
      }),
      { numRuns: 400 },
    );
  });

  it('by truncation at any length is found', () => {
    for (let length = 0; length < SMALL.length; length++) expect(verdict(SMALL.slice(0, length))).toBe('damaged');
  });

  it('by anything behind the end is found', () => {
    for (const tail of ['\n', ' ', 'x', '{}\n', SMALL]) expect(verdict(SMALL + tail)).toBe('damaged');
  });

  it('by lines that were dropped, doubled or exchanged is found', () => {
    const lines = SMALL.split('\n').slice(0, -1);
    for (let at = 0; at < lines.length; at++) {
      expect(verdict(`${lines.toSpliced(at, 1).join('\n')}\n`)).toBe('damaged');
      expect(verdict(`${lines.toSpliced(at, 0, lines[at] as string).join('\n')}\n`)).toBe('damaged');
      for (let other = 0; other < at; other++) {
        const exchanged = lines.with(at, lines[other] as string).with(other, lines[at] as string);
        expect(verdict(`${exchanged.join('\n')}\n`)).toBe('damaged');
      }
    }
  });

  it('by other line ends is found', () => {
    expect(verdict(SMALL.replaceAll('\n', '\r\n'))).toBe('damaged');
  });

  it.each([
    '',
    '\n',
    '{}',
    '{}\n',
    'null\nnull\n',
    '[]\n[]\n',
    '1\n2\n',
    '{"footer":{}}\n',
    '\u0000'.repeat(100),
    'PK\u0003\u0004',
  ])('is said of what is no archive at all: %j', (text) => expect(verdict(text)).toBe('damaged'));

  it('among the entries is placed behind the last revision that verifies', () => {
    const lines = SMALL.split('\n');
    const text = lines.with(3, (lines[3] as string).replace('"value"', '"error"')).join('\n');
    expect(() => decodeArchive(text)).toThrow(expect.objectContaining({ name: 'DamagedArchive', lastGood: 2 }));
  });

  it('in random texts of archive lines never gives another exception', () => {
    const line = fc.oneof(fc.constantFrom(...SMALL.split('\n')), fc.json());
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect([contentOf(SMALL), 'damaged']).toContain(verdict(lines.join('\n')));
        expect(['damaged', 'newer']).toContain(verdict(forged(lines)));
      }),
    );
  });
});

describe('an archive that was forged, with all digests right,', () => {
  const lines = bodyLines(SMALL);
  const header = JSON.parse(lines[0] as string) as Record<string, unknown>;
  const withHeader = (more: Record<string, unknown>) => forged(lines.with(0, JSON.stringify({ ...header, ...more })));

  it('is what these tests make', () => {
    expect(contentOf(forged(lines))).toBe(contentOf(SMALL));
  });

  it.each<[string, string, 'damaged' | 'newer']>([
    ['another id in the header', withHeader({ id: 'another' }), 'damaged'],
    ['another name in the header', withHeader({ name: 'another' }), 'damaged'],
    ['another revision in the header', withHeader({ revision: 4 }), 'damaged'],
    ['another format', withHeader({ format: 'tar' }), 'damaged'],
    ['no version', withHeader({ version: null }), 'damaged'],
    ['a newer version', withHeader({ version: 2 }), 'newer'],
    ['a version below the first', withHeader({ version: 0 }), 'damaged'],
    ['a negative version', withHeader({ version: -1 }), 'damaged'],
    ['half a version', withHeader({ version: 0.5 }), 'damaged'],
    ['a version between two', withHeader({ version: 1.5 }), 'damaged'],
    ['a path for an id', archiveText([created({ id: '../..' })]), 'damaged'],
    ['an empty id', archiveText([created({ id: '' })]), 'damaged'],
    ['an id that goes on behind a line end', archiveText([created({ id: `${randomUUID()}\n` })]), 'damaged'],
    ['a second header', forged([lines[0] as string, ...lines]), 'damaged'],
    ['an unknown line', forged([...lines, '{"note":"hello"}']), 'damaged'],
    ['an empty line', forged([...lines, '']), 'damaged'],
    ['a footer within', forged([...lines, '{"footer":{}}']), 'damaged'],
    ['a snapshot line twice', forged([...lines, lines.at(-1) as string]), 'damaged'],
    [
      'snapshot lines in another order',
      forged(lines.with(-1, lines.at(-2) as string).with(-2, lines.at(-1) as string)),
      'damaged',
    ],
    ['a snapshot that nothing refers to', forged([...lines, '{"snapshot":1,"data":""}']), 'damaged'],
    ['no snapshots', forged(lines.slice(0, -2)), 'damaged'],
    ['the bytes of two snapshots exchanged', forged(exchangedBytes(lines)), 'damaged'],
    [
      'a snapshot under the revision of another',
      forged(lines.with(-1, (lines.at(-1) as string).replace('5', '4'))),
      'damaged',
    ],
    ['a snapshot of another size than its entry says', forgedSize(), 'damaged'],
    ['snapshot bytes of another kind', forged(lines.with(-1, '{"snapshot":5,"data":5}')), 'damaged'],
    ['a footer of more entries', forged(lines, { entries: 6 }), 'damaged'],
    ['a footer of another head', forged(lines, { head: GENESIS }), 'damaged'],
    ['no entries', forged(lines.slice(0, 1)), 'damaged'],
  ])('is not accepted: %s', (_, text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  const [line] = stored(entries(created())).map((each) => each.line) as [string];
  const second = (body: object) => JSON.stringify({ ...entries(created(), input('a'))[1], ...body });
  const accepted = input('a', 'x');

  it.each<[string, string[]]>([
    ['an entry that is no object', ['[]']],
    ['an entry of an unknown type', [line, second({ type: 'forked' })]],
    ['a journal that does not begin with "created"', [JSON.stringify(entries(input('a'))[0])]],
    ['a gap', [line, second({ seq: 3 })]],
    ['an output that no input waits for', [line, second(output('a'))]],
    ['an input twice', [line, second(accepted), JSON.stringify(entries(created(), accepted, accepted)[2])]],
    [
      'a time to live that gives no date',
      [JSON.stringify({ ...entries(created())[0], ttlMs: Number.MAX_SAFE_INTEGER })],
    ],
    ['a time that is none', [line, second({ time: '2026-13-01T00:00:00.000Z' })]],
    ['a name that no session can have', [line, second({ type: 'renamed', name: '\u001b]0;owned\u0007' })]],
    ['a patch too deep to be written again', [line, second({ type: 'context', patch: nested(64) })]],
    ['labels that are no texts', [line, second({ type: 'labelled', labels: { a: 1 } })]],
    ['code that is no text', [line, second({ code: 5 })]],
  ])('is not accepted: %s', (_, all) => {
    expect(verdict(forgedFrom(chained(all)))).toBe('damaged');
  });

  it('with a gap is said to verify up to it', () => {
    const text = forgedFrom(chained([line, second({}), second({ seq: 4 })]));
    expect(() => decodeArchive(text)).toThrow(expect.objectContaining({ name: 'DamagedArchive', lastGood: 2 }));
  });

  it('with a key twice in an entry has the last one, as every reader of JSON here', () => {
    const twice = `${line.slice(0, -1)},"name":"other"}`;
    const { state, entries: all } = decodeArchive(forgedFrom(chained([twice])));
    expect([state.name, all[0]?.line]).toEqual(['other', twice]);
  });
});

describe('a line with its hash', () => {
  it('gives line and hash back, whatever the line', () => {
    fc.assert(
      fc.property(journals, (all) => {
        for (const each of stored(all)) {
          expect(unhashedLine(hashedLine(each))).toEqual({ line: each.line, hash: each.hash });
          expect((JSON.parse(hashedLine(each)) as { hash: string }).hash).toBe(each.hash);
        }
      }),
    );
  });

  it.each([
    '',
    '{}',
    `"hash":"${'a'.repeat(64)}"}`,
    `{"code":",\\"hash\\":\\"${'a'.repeat(64)}\\"}"}`,
    `{"seq":1,"hash":"${'a'.repeat(63)}"}`,
    `{"seq":1,"hash":"${'A'.repeat(64)}"}`,
    `{"seq":1,"hash":"${'a'.repeat(64)}"} `,
  ])('is told from one without: %s', (text) => {
    expect(unhashedLine(text)).toEqual({ line: text, hash: '' });
  });
});

function exchangedBytes(lines: readonly string[]): string[] {
  const [first, second] = lines.slice(-2).map((line) => JSON.parse(line) as { snapshot: number; data: string });
  return [
    ...lines.slice(0, -2),
    JSON.stringify({ ...first, data: second?.data }),
    JSON.stringify({ ...second, data: first?.data }),
  ];
}

function forgedSize(): string {
  const entry = { ...snapshotOf(full), bytes: full.length + 1 };
  const all = stored(entries(created(), entry));
  return encodeArchive(all, new Map([[2, full]]), ABOUT);
}

/** An archive of entries that need not make a session. */
function forgedFrom(all: readonly StoredEntry[]): string {
  const name = (all[0]?.line.match(/"name":"([^"]*)"\}$/) ?? [])[1] ?? 'work';
  const header = {
    format: 'stui-archive',
    version: 1,
    id: 'c0ffee00-0000-4000-8000-000000000000',
    name,
    revision: all.length,
    ...ABOUT,
  };
  return forged([JSON.stringify(header), ...all.map(hashedLine)]);
}

function nested(levels: number): Record<string, unknown> {
  return levels === 0 ? {} : { a: nested(levels - 1) };
}
