import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evaluationsIn } from '../../src/session/evaluation.js';
import { exportSmalltalk, isChunkFormat } from '../../src/session/readable-export.js';
import { parseRecordedInputs, RECORD_FORMATS, type RecordFormat } from '../../src/session/recorded-inputs.js';
import { fold } from '../../src/session/state.js';
import { created, entries, evaluation } from './entries.js';

const codesOf = (text: string, format: RecordFormat | 'auto') =>
  parseRecordedInputs(text, format).inputs.map(({ code }) => code);

const posixQuoted = (code: string) => `'${code.replaceAll("'", "'\\''")}'`;
const fishQuoted = (code: string) => `'${code.replaceAll(/['\\]/g, '\\$&')}'`;
const zshEntry = (command: string) => `${command.replaceAll('\n', '\\\n')}${command.endsWith('\\') ? ' ' : ''}`;
const fishEntry = (command: string) => `- cmd: ${command.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`;

/** Anything that can be given on a command line and is not taken for stdin. */
const anyCode = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...'\'"\\\n$`!#;&|()<> -abx1:'), { maxLength: 30 }).map((all) => all.join('')),
  )
  .filter((code) => code.trim() !== '' && code !== '-' && !code.includes('\0'));

describe('a history of evaluations', () => {
  it('gives back any code that was quoted, from every shell', () => {
    fc.assert(
      fc.property(fc.array(anyCode, { minLength: 1, maxLength: 4 }), (codes) => {
        const posix = codes.map((code) => `stui eval -- ${posixQuoted(code)}`);
        // bash takes a line of a code that looks so for a timestamp.
        if (!posix.some((command) => /^#\d{9}/m.test(command))) {
          expect(codesOf(posix.join('\n'), 'bash')).toEqual(codes);
          expect(codesOf(posix.map((command) => `#1700000000\n${command}`).join('\n'), 'bash')).toEqual(codes);
        }
        expect(codesOf(posix.map((command) => zshEntry(`: 1700000000:0;${command}`)).join('\n'), 'zsh')).toEqual(codes);
        expect(codesOf(posix.map(zshEntry).join('\n'), 'zsh')).toEqual(codes);
        const fish = codes.map((code) => fishEntry(`stui eval -- ${fishQuoted(code)}`));
        expect(codesOf(fish.join('\n'), 'fish')).toEqual(codes);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    "stui eval '3 + 4'",
    'stui eval "3 + 4"',
    'stui eval 3\\ +\\ 4',
    "stui eval $'3 + 4'",
    'stui eval 3\' + \'"4"',
    "/usr/local/bin/stui eval '3 + 4'",
    "node bin/stui.cjs eval '3 + 4'",
    "node --no-warnings ./bin/stui.cjs eval '3 + 4'",
    "STUI_HOME=/x CI='a b' stui eval '3 + 4'",
    "env STUI_SESSION=$S stui eval '3 + 4'",
    "stui eval -s work '3 + 4' --json",
    'stui --json eval --session=work --timeout 5s --key "$KEY" \'3 + 4\'',
    "stui eval -swork -- '3 + 4'",
    "cd /tmp; stui eval '3 + 4'",
    "make && stui eval '3 + 4' || echo no",
    "echo x | stui eval '3 + 4' | tail -1",
    "stui eval '3 + 4' > out 2>&1 # 'it",
    "x=$(stui eval '3 + 4')",
    'echo "$(stui eval \'3 + 4\')"',
    "for i in 1 2; do stui eval '3 + 4'; done",
    "time (stui eval '3 + 4')",
  ])('has the code of %s', (line) => {
    const { inputs, skipped } = parseRecordedInputs(line, 'bash');
    expect({ inputs, skipped }).toEqual({ inputs: [{ code: '3 + 4' }], skipped: 0 });
  });

  it('has a code that is a negative number', () => expect(codesOf("stui eval '-3 abs'", 'bash')).toEqual(['-3 abs']));

  it.each([
    'stui eval -f a.st',
    'stui eval -fa.st',
    'stui eval --file=a.st',
    'stui eval -',
    'stui eval',
    'stui eval --rerun key',
    'stui eval "x := $x"',
    'stui eval "`cat a.st`"',
    'stui eval $(cat a.st)',
    'stui eval $FLAGS 3',
    'stui eval 3 + 4',
    "stui eval ''",
    "stui eval 'open",
    "stui eval - <<'EOF'\n3 + 4\nEOF",
  ])('counts what cannot be known: %j', (line) => {
    expect(parseRecordedInputs(line, 'bash')).toEqual({ format: 'bash', inputs: [], skipped: 1 });
  });

  it.each([
    "echo stui eval '3'",
    "stui history --grep 'eval'",
    'stui session create eval',
    "mystui eval '3'",
    'stui eval --help',
    "# stui eval '3'",
    "'stui eval 3'",
    "cat > x.sh <<EOF\nstui eval '3'\nEOF",
    "git commit -m 'a\n",
    '',
  ])('has nothing for %j', (line) => {
    expect(parseRecordedInputs(line, 'bash')).toEqual({ format: 'bash', inputs: [], skipped: 0 });
  });

  it('of bash has times where there are timestamps, and joins lines within quotes', () => {
    const text = "ls\nstui eval 'a\nb'\n#1700000000\nstui eval 'c\n\nd'; stui eval 'e'\n#999999999999\nstui eval 'f'";
    expect(parseRecordedInputs(text, 'bash').inputs).toEqual([
      { code: 'a\nb' },
      { code: 'c\n\nd', time: '2023-11-14T22:13:20.000Z' },
      { code: 'e', time: '2023-11-14T22:13:20.000Z' },
      { code: 'f' },
    ]);
  });

  it('of bash that was cut off within quotes loses the entry that was cut only', () => {
    expect(codesOf("rest of it'\nstui eval 'a'\nstui eval 'b'\necho don't\nstui eval 'c'", 'bash')).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(codesOf("#1700000000\nit's\nstui eval a\n#1700000001\nstui eval 'b'", 'bash')).toEqual(['a', 'b']);
  });

  it('of zsh may mix entries with and without times', () => {
    const text =
      ": 1700000000:12;stui eval 'a\\\nb'\nstui eval c\\\\ \n\\: stui eval d\n: 1700000001:0;echo a \\\\\\\n; stui eval e\n";
    expect(parseRecordedInputs(text, 'zsh').inputs).toEqual([
      { code: 'a\nb', time: '2023-11-14T22:13:20.000Z' },
      { code: 'c\\' },
      { code: 'e', time: '2023-11-14T22:13:21.000Z' },
    ]);
  });

  it('of fish has times, line breaks and backslashes', () => {
    const text = [
      "- cmd: stui eval 'a\\nb'",
      '  when: 1700000000',
      '  paths:',
      '    - a',
      "- cmd: stui eval 'it\\\\'s'",
      '- cmd: stui eval (cat a.st)',
    ].join('\n');
    expect(parseRecordedInputs(text, 'fish')).toEqual({
      format: 'fish',
      inputs: [{ code: 'a\nb', time: '2023-11-14T22:13:20.000Z' }, { code: "it's" }],
      skipped: 1,
    });
  });
});

describe('a list of inputs', () => {
  it('has one on each line that is not blank', () => {
    expect(parseRecordedInputs('\ufeff 3 + 4 \r\n\n  \n"x"\nlast', 'text')).toEqual({
      format: 'text',
      inputs: [{ code: '3 + 4' }, { code: '"x"' }, { code: 'last' }],
      skipped: 0,
    });
  });
});

describe('a source in chunk format', () => {
  it.each<[string, string, string[]]>([
    ['one input a chunk', "x := 3!\n\n'a!!b' , 'c!d'!\n$!!!\ny", ['x := 3', "'a!b' , 'c!d'", '$!', 'y']],
    ['no input of comments only', '"a"!\n"b" "c"!\n"d" e!', ['"d" e']],
    ['nothing of blank chunks', '! ! !\n', []],
    [
      'one input of a section of methods',
      "a!\n!A methodsFor: 'x'!\nb ^$!! !\nc ^1! !\nd!",
      ['a', "!A methodsFor: 'x'!\nb ^$!! !\nc ^1! !", 'd'],
    ],
    ['a section that the file ends in', "!A methodsFor: 'x'!\nb ^1", ["!A methodsFor: 'x'!\nb ^1"]],
    [
      'a class comment with its section',
      "!A commentStamp: '' prior: 0!\nI don't!\nb!",
      ["!A commentStamp: '' prior: 0!\nI don't!", 'b'],
    ],
    ['an expression behind a mark', '!a!!b foo!\nc!', ['a!b foo', 'c']],
    ['an open quote in the last chunk', "a!\n'b!\nc!", ['a', "'b", 'c']],
  ])('gives %s', (_, text, codes) => expect(codesOf(text, 'chunks')).toEqual(codes));

  it('gives back what a session exported, with its times', () => {
    const piece = fc.constantFrom("'a!b'", '$!', '"!!"', '!', '!!', 'x := 3', '\n', "'it''s'", '.', ' ', 'y');
    fc.assert(
      fc.property(fc.array(fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join(' '))), (codes) => {
        const plain = codes.filter((code) => /[xy']/.test(code) && !isChunkFormat(code));
        const journal = entries(created(), ...plain.flatMap((code, at) => evaluation(`${at}`, code)));
        const given = evaluationsIn('c0ffee00-0000-4000-8000-000000000000', journal);
        const text = exportSmalltalk(fold(journal), given);
        expect(parseRecordedInputs(text, 'auto')).toEqual({
          format: 'chunks',
          inputs: given.map(({ code, time }) => ({ code: code.trim(), time })),
          skipped: 0,
        });
      }),
    );
  });
});

describe('parseRecordedInputs', () => {
  it.each<[RecordFormat, string]>([
    ['fish', '\n- cmd: ls\n  when: 1700000000\n'],
    ['zsh', 'ls\n: 1700000000:0;ls\n'],
    ['bash', 'ls\n#1700000000\nls\n'],
    ['bash', 'echo hi!\nstui eval -f a.st\n'],
    ['chunks', '"stui eval \'x\'"!\n3 + 4!\n'],
    ['chunks', '3 + 4!\n5'],
    ['text', "3 + 4\n#a -> 'stui eval 3'\n"],
    ['text', ''],
  ])('finds out that it reads %s: %j', (format, text) => {
    expect(parseRecordedInputs(text, 'auto')).toEqual(parseRecordedInputs(text, format));
  });

  it('reads any text in any format', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        '"',
        '`',
        '$(',
        ')',
        '\\',
        '\n',
        ' ',
        '!',
        '!!',
        '#1700000000',
        '- cmd: ',
        '  when: 1',
        ': 1:0;',
        '<<E',
        'E',
      ],
      ...['stui eval ', 'x', '-f ', "$'", '"$x', '; ', '$!', 'A methodsFor!', 'A commentStamp!', '\r\n', '\ud83d'],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('auto' as const, ...RECORD_FORMATS), (given, format) => {
        const { inputs, skipped, ...result } = parseRecordedInputs(given, format);
        expect(RECORD_FORMATS).toContain(result.format);
        expect(skipped).toBeGreaterThanOrEqual(0);
        for (const { code } of inputs) expect(code.trim()).not.toBe('');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    "'",
    '"',
    '$(',
    "stui eval '\n",
    'stui eval "\n',
    "stui eval $'\n",
    'stui eval <<E\n',
    'stui eval `\n',
    'x!',
    '!',
    ' !',
    '\n',
    '\\\n',
    "$'\\",
    '"$(',
    '- cmd: \n',
    ': 1:0;\\\n',
    '#1700000000\n',
    '""',
    "'!",
    '$',
  ])('finishes on much of %j', (text) => {
    const given = text.repeat(Math.ceil(200_000 / text.length));
    for (const format of RECORD_FORMATS) expect(parseRecordedInputs(given, format).format).toBe(format);
  });
});
