/** What reaches a terminal or a pipe, and how commands end that go on until they are told to stop. */
import { describe, expect, it } from '@jest/globals';
import { LAUNCHER, shell, startStui, stui, stuiWith, temporaryHome } from './stui.js';
import { until } from './until.js';

async function homeWithSession(): Promise<string> {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo');
  return home;
}

/** Everything that a terminal would obey, line feed apart. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const CODES = '27 7 8 13 0 155 127 8238';

/** Smalltalk for a string of control characters around words. */
const HOSTILE = `(#(${CODES}) inject: 'start' into: [:text :code | text, (String fromCharCode: code), 'x']), 'end'`;

describe('hostile text', () => {
  it('in a value, a transcript, an exception or code reaches the terminal escaped, in every command that shows it', async () => {
    const home = await homeWithSession();
    const endings = [
      await stui(home, 'eval', HOSTILE, '--key', 'hostile'),
      await stui(home, 'eval', `Transcript show: ${HOSTILE}`),
      await stui(home, 'eval', `Error new signal: ${HOSTILE}`),
      await stui(home, 'eval', "'\u001b]0;title\u0007\u009b31m'"),
      await stui(home, 'eval', '3', '--key', '\u001b[31mkey'),
      await stui(home, 'result', 'hostile'),
      await stui(home, 'history'),
      await stui(home, 'log'),
      await stui(home, 'session', 'label', 'demo', 'colour=\u001b[31mred'),
      await stui(home, 'session', 'show'),
      await stui(home, 'session', 'list'),
      await stui(home, 'session', 'show', '\u001b[31m'),
      await stui(home, 'connection', 'use', '\u001b[31m'),
      await stui(home, '\u001b[31m'),
      await stui(home, 'eval', '3', '--\u001b[31m'),
      await stui(home, 'eval', '-f', '\u001b[31m'),
      await stui(home, 'session', 'import', '\u001b[31m'),
    ];
    for (const { stdout, stderr } of endings) expect([stdout, stderr].join()).not.toMatch(OBEYED);
    expect(endings[0]?.stdout).toContain('\\x1b');
  });

  it('is whole in the documents', async () => {
    const home = await homeWithSession();
    const { printString } = (await stui(home, 'eval', HOSTILE, '--json')).json;
    const characters = CODES.split(' ').map((code) => String.fromCharCode(Number(code)));
    expect(printString).toBe(`'start${characters.map((character) => `${character}x`).join('')}end'`);
  });
});

describe('colours', () => {
  it('are for terminals: a pipe gets none, whatever CI and NO_COLOR say', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', '3 + 4');
    for (const env of [{}, { CI: 'true' }, { NO_COLOR: '1' }, { TERM: 'xterm-256color' }]) {
      const { stdout } = await stuiWith(home, { env }, 'history');
      expect(stdout).not.toMatch(OBEYED);
    }
  });

  it('can be forced, and documents have none even so', async () => {
    const home = await homeWithSession();
    const env = { FORCE_COLOR: '1' };
    expect((await stuiWith(home, { env }, 'session', 'list')).stdout).toContain('\u001b[');
    expect((await stuiWith(home, { env }, 'session', 'list', '--json')).stdout).not.toMatch(OBEYED);
    expect((await stuiWith(home, { env }, 'session', 'show', 'nowhere')).stderr).toContain('\u001b[');
  });

  it('set off what went wrong, and are not shown as escapes themselves', async () => {
    const home = await homeWithSession();
    const env = { FORCE_COLOR: '1' };
    for (const ending of [
      await stuiWith(home, { env }, 'eval', '1 / 0', '--key', 'k'),
      await stuiWith(home, { env }, 'result', 'k'),
    ]) {
      expect(ending.stderr).toContain('\u001b[31mZeroDivide');
      expect(ending.stderr).not.toContain('\\x1b');
    }
  });
});

describe('log --follow', () => {
  it('shows what other processes do, entry by entry, and ends with 130 when it is interrupted', async () => {
    const home = await homeWithSession();
    const follower = startStui(home, {}, 'log', 'demo', '--follow', '--json');
    await follower.prints('"type":"created"');
    await stui(home, 'eval', 'x := 3 + 4');
    await follower.prints('"printString":"7"');
    await stui(home, 'session', 'label', 'demo', 'seen=yes');
    await follower.prints('"labels":{"seen":"yes"}');
    follower.child.kill('SIGINT');
    const { code, stdout, stderr } = await follower.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.at(-1)).toMatchObject({ error: { code: 'interrupted', exitCode: 130 } });
    const seqs = records.slice(0, -1).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  it('loses no entry when the session gets another name', async () => {
    const home = await homeWithSession();
    const follower = startStui(home, {}, 'log', 'demo', '--follow');
    await follower.prints('created');
    await stui(home, 'session', 'rename', 'demo', 'other');
    await follower.prints('renamed');
    await stui(home, 'eval', '3 + 4', '-s', 'other');
    await follower.prints('output');
  });

  it('starts where it is told to', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', '3 + 4');
    const { stdout } = await stui(home, 'log', '--after', '1', '--json');
    expect(JSON.parse(stdout.split('\n', 1)[0] as string).seq).toBe(2);
  });

  it('ends with 5 when the backend goes away', async () => {
    const home = await homeWithSession();
    const follower = startStui(home, {}, 'log', 'demo', '--follow', '--json');
    await follower.prints('"type":"created"');
    await stui(home, 'backend', 'stop');
    const { code, stdout } = await follower.ended;
    expect({ code, last: JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) }).toMatchObject({
      code: 5,
      last: { error: { code: 'unreachable', exitCode: 5 } },
    });
  });
});

describe('a reader that goes away', () => {
  it.each(['result big', 'log --json', 'session export --format md'])(
    'ends a command quietly with 141, as SIGPIPE would: %s',
    async (command) => {
      const home = await homeWithSession();
      // More than a pipe holds, so that the command is still writing when its reader has gone.
      const code = "1 to: 9000 do: [:i | Transcript show: 'all work and no play'; cr]";
      await stui(home, 'eval', code, '--key', 'big');
      const { stderr } = await shell(home, `{ $STUI ${command}; echo "$?" >&2; } | head -c 1 > /dev/null`);
      expect(stderr).toBe('141\n');
    },
  );
});

describe('an evaluation that is interrupted from the keyboard', () => {
  it('ends with 130, and its outcome can be asked for', async () => {
    const home = await homeWithSession();
    const evaluation = startStui(home, {}, 'eval', '[true] whileTrue', '--key', 'k', '--timeout', '1s');
    await until('the key to be accepted', async () => (await stui(home, 'result', 'k')).code === 10);
    evaluation.child.kill('SIGINT');
    const { code, stderr } = await evaluation.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('stui result k');
    await until('the outcome', async () => (await stui(home, 'result', 'k')).code === 6);
  });
});

it('the launcher can be reached through a link, as package managers install it', async () => {
  const home = temporaryHome();
  const { code, stdout } = await shell(
    home,
    `ln -s ${LAUNCHER} "$STUI_HOME/stui" && "$STUI_HOME/stui" config get timeout`,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '30s\n' });
});
