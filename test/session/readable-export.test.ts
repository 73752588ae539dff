import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryBody } from '../../src/session/entry.js';
import { evaluationsIn } from '../../src/session/evaluation.js';
import { exportMarkdown, exportSmalltalk, isChunkFormat } from '../../src/session/readable-export.js';
import { fold } from '../../src/session/state.js';
import { created, entries, evaluation } from './entries.js';

function exported(render: typeof exportSmalltalk, ...bodies: EntryBody[]): string {
  const all = entries(created(), ...bodies);
  return render(fold(all), evaluationsIn('c0ffee00-0000-4000-8000-000000000000', all));
}

/** Reads chunks by the strict rule that every Smalltalk knows: `!!` is a `!`, a lone one ends the chunk. */
function chunksOf(text: string): string[] {
  const chunks = [...text.matchAll(/((?:[^!]|!!)*)!/g)].map((match) =>
    (match[1] as string).replaceAll('!!', '!').trim(),
  );
  expect(text.replaceAll(/(?:[^!]|!!)*!/g, '').trim()).toBe('');
  return chunks;
}

describe('the Smalltalk export', () => {
  it('gives every input back, exactly, to a reader of chunks', () => {
    const piece = fc.constantFrom("'a!b'", '$!', '"!!"', '!', '!!', 'x := 3', '\n', "'it''s'", '.', ' ', '`');
    fc.assert(
      fc.property(fc.array(fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join(' '))), (codes) => {
        const plain = codes.filter((code) => code.trim() !== '' && !isChunkFormat(code));
        const chunks = chunksOf(exported(exportSmalltalk, ...plain.flatMap((code, at) => evaluation(`${at}`, code))));
        expect(chunks.slice(1).filter((_, index) => index % 2 === 1)).toEqual(plain.map((code) => code.trim()));
      }),
    );
  });

  it('has only the inputs that gave a value, each below a comment that says where it comes from', () => {
    const text = exported(
      exportSmalltalk,
      ...evaluation('a', 'a := 1'),
      ...evaluation('b', '1/0', { outcome: 'error' }),
      ...evaluation('c', 'c', { outcome: 'unknown' }),
      { type: 'input', key: 'd', code: 'd', timeoutMs: 1 },
      ...evaluation('e', 'e := 2'),
    );
    expect(chunksOf(text)).toEqual([
      '"Session work (c0ffee00-0000-4000-8000-000000000000), revision 10"',
      '"2026-01-01T00:00:01.000Z, revision 3"',
      'a := 1',
      '"2026-01-01T00:00:08.000Z, revision 10"',
      'e := 2',
    ]);
  });

  const chunkFile = "Object subclass: #A\n  category: 'x!y'!\n\n!A methodsFor: 'x'!\nbar ^$!! !\n\nfoo ^1! !";

  it('takes over a file-in as it is', () => {
    expect(exported(exportSmalltalk, ...evaluation('a', `${chunkFile}\n`))).toContain(`!\n${chunkFile}\n`);
  });

  it.each([
    ['in a chunk', 'A subclass: #B!\nB foo', 'A subclass: #B!\nB foo!'],
    ['behind a chunk', 'A subclass: #B!\n', 'A subclass: #B!'],
    ['in a method', "!A methodsFor: 'x'!\nbar ^1", "!A methodsFor: 'x'!\nbar ^1! !"],
    ['in the chunk that opens a section', "!A methodsFor: 'x'", "!A methodsFor: 'x'! !"],
    ['behind a method', "!A methodsFor: 'x'!\nbar ^1!\n", "!A methodsFor: 'x'!\nbar ^1! !"],
    [
      'in a second section',
      '!A methodsFor!\nbar ^1! !\n!A class methodsFor!\nfoo ^1!',
      '!A methodsFor!\nbar ^1! !\n!A class methodsFor!\nfoo ^1! !',
    ],
    ['behind a section', "!A methodsFor: 'x'!\nbar ^1! !\n", "!A methodsFor: 'x'!\nbar ^1! !"],
    [
      'behind the mark of a class comment',
      "!A commentStamp: '' prior: 0!\nI am A!",
      "!A commentStamp: '' prior: 0!\nI am A!",
    ],
    [
      'behind a method with a mark in a string',
      "!A methodsFor: 'x'!\nbar ^'!'! !\nA bar",
      "!A methodsFor: 'x'!\nbar ^'!'! !\nA bar!",
    ],
  ])('lets nothing that follows get into a file-in that ends %s', (_, code, finished) => {
    const text = exported(exportSmalltalk, ...evaluation('a', code), ...evaluation('b', 'after'));
    expect(text).toContain(`revision 3"!\n${finished}\n\n"2026`);
  });

  it('has no empty chunks, which would open or end a section', () => {
    expect(chunksOf(exported(exportSmalltalk, ...evaluation('a', '\n ')))).toHaveLength(1);
  });

  it('cannot be broken out of by what the session is called', () => {
    const text = exportSmalltalk({ ...fold(entries(created())), name: 'a" Evil new! "', id: 'b"!c' }, []);
    expect(chunksOf(text)).toEqual([`"Session a' Evil new! ' (b'!c), revision 1"`]);
  });
});

describe('isChunkFormat', () => {
  it.each(['Foo bar!', "!Foo methodsFor: 'x'!", "'a' foo! 'b'", 'x "c" !'])('sees the separator in %j', (code) => {
    expect(isChunkFormat(code)).toBe(true);
  });

  it.each(['Foo bar', "'a!b'", '"a!b"', '$!', "'it''s!'", 'a !! b', ''])('sees none in %j', (code) => {
    expect(isChunkFormat(code)).toBe(false);
  });

  it('reads megabytes', () => {
    expect(isChunkFormat(`'${'a!'.repeat(2_000_000)}'`)).toBe(false);
    expect(isChunkFormat(`${"''".repeat(2_000_000)}!`)).toBe(true);
  });
});

/** The blocks between fences, as CommonMark (section 4.5) finds them. */
function fencedBlocks(markdown: string): { info: string; text: string }[] {
  const blocks: { info: string; text: string }[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, fence, info] = /^(`{3,})([^`]*)$/.exec(lines[at] as string) ?? [];
    if (fence === undefined) continue;
    const closing = new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`);
    const end = lines.findIndex((line, index) => index > at && closing.test(line));
    blocks.push({ info: info as string, text: lines.slice(at + 1, end).join('\n') });
    if (end < 0) throw new Error(`The fence in line ${at + 1} is never closed`);
    at = end;
  }
  return blocks;
}

describe('the Markdown export', () => {
  it('shows every text exactly, whatever fences it holds', () => {
    const piece = fc.constantFrom('`', '```', '````smalltalk', '~~~', '\n', 'x', '# title', '    ', '\r');
    const text = fc.array(piece).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (all) => {
        const bodies = all.flatMap(([code, printString], at) =>
          evaluation(`${at}`, `${code}.`, { printString: `${printString}.` }),
        );
        expect(fencedBlocks(exported(exportMarkdown, ...bodies))).toEqual(
          all.flatMap(([code, printString]) => [
            { info: 'smalltalk', text: `${code}.` },
            { info: 'text', text: `${printString}.` },
          ]),
        );
      }),
    );
  });

  it('shows what a session is and what became of each input', () => {
    const error = { class: 'ZeroDivide', message: 'by zero', stack: [] };
    const text = exported(
      exportMarkdown,
      { type: 'labelled', labels: { branch: 'main' } },
      ...evaluation('a', '3 + 4', { printString: '7', transcript: 'hello\n' }),
      ...evaluation('b', '1/0', { outcome: 'error', error }),
      { type: 'input', key: 'c', code: 'wait', timeoutMs: 1 },
    );
    expect(text).toBe(
      [
        '# work\n\n- session: `c0ffee00-0000-4000-8000-000000000000`\n- revision: 7\n- engine: embedded\n- created: 2026-01-01T00:00:00.000Z',
        '- labels: ` branch=main `\n',
        '## 4 · 2026-01-01T00:00:02.000Z · value\n',
        '```smalltalk\n3 + 4\n```\n\nTranscript:\n\n```text\nhello\n```\n\n```text\n7\n```\n',
        '## 6 · 2026-01-01T00:00:04.000Z · error\n',
        '```smalltalk\n1/0\n```\n\n```text\nZeroDivide: by zero\n```\n',
        '## 7 · 2026-01-01T00:00:06.000Z · queued\n',
        '```smalltalk\nwait\n```\n',
      ].join('\n'),
    );
  });

  it('keeps labels on their line and in their backticks', () => {
    const labels = { a: 'x\n\n# title\n```', b: '<script>`' };
    const text = exported(exportMarkdown, { type: 'labelled', labels });
    expect(text).toContain('- labels: ```` a=x # title ``` ````, `` b=<script>` ``\n');
  });

  it('shows a text of hundreds of thousands of backticks', () => {
    const code = 'a` '.repeat(300_000);
    expect(fencedBlocks(exported(exportMarkdown, ...evaluation('a', code)))).toEqual([
      { info: 'smalltalk', text: code },
    ]);
  });
});
