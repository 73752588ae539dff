/** What reaches a terminal is shown, not obeyed, whoever wrote it; what reaches a file or a pipe is what it is. */
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { documentText, write, writeBytes } from '../../src/cli/output.js';
import { loadStyle } from '../../src/cli/style.js';

const HOSTILE = 'a\u001b]0;title\u0007b\u009b31mc\u202ed\u001b[2Je\u001b[8mf\rg';

function stream(isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } {
  const pieces: Buffer[] = [];
  const target = new Writable({
    write(piece, _, done) {
      pieces.push(Buffer.from(piece));
      done();
    },
  });
  return { stream: Object.assign(target, { isTTY }) as never, written: () => Buffer.concat(pieces).toString('utf8') };
}

const SHOWN = 'a\\x1b]0;title\\x07b\\x9b31mc\\u202ed\\x1b[2Je\\x1b[8mf\\x0dg';

describe('a text', () => {
  test('is shown on a terminal, and whole elsewhere', async () => {
    const [terminal, pipe] = [stream(true), stream(false)];
    await write(terminal.stream, HOSTILE);
    await write(pipe.stream, HOSTILE);
    expect([terminal.written(), pipe.written()]).toEqual([SHOWN, HOSTILE]);
  });

  test('keeps the colours that are ours', async () => {
    const style = await loadStyle({ env: {}, isTTY: true });
    const text = Object.values(style)
      .map((paint: (text: string) => string) => paint('x\n\ty'))
      .join('');
    const terminal = stream(true);
    await write(terminal.stream, text);
    expect(terminal.written()).toBe(text);
    expect(text).toContain('\u001b[');
  });
});

describe('the bytes of an export', () => {
  test('are shown on a terminal, and whole elsewhere', async () => {
    const [terminal, pipe] = [stream(true), stream(false)];
    const bytes = Buffer.concat([Buffer.from(HOSTILE), Buffer.from([0xff])]);
    await writeBytes(terminal.stream, bytes);
    await writeBytes(pipe.stream, Buffer.from(HOSTILE));
    expect(terminal.written()).toBe(`${SHOWN}\ufffd`);
    expect(pipe.written()).toBe(HOSTILE);
  });
});

describe('a document', () => {
  test('is JSON on a terminal, too, with escapes for what a terminal would obey', () => {
    const result = { text: HOSTILE, list: ['\u009b'] };
    const shown = documentText(result, { isTTY: true, indent: 2 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(JSON.parse(shown)).toEqual({ schemaVersion: 1, ...result });
    expect(documentText(result, { isTTY: false })).toBe(JSON.stringify({ schemaVersion: 1, ...result }));
  });
});
