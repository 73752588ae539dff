/** `eval` and what is told about evaluations afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { childrenOf, killAtOnce } from './processes.js';
import { backendPid, type Json, printed, shell, startStui, stui, stuiWith, temporaryHome } from './stui.js';
import { until } from './until.js';

async function homeWithSession(name = 'demo'): Promise<string> {
  const home = temporaryHome();
  const { code, stderr } = await stui(home, 'session', 'create', name);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return home;
}

describe('a value', () => {
  it('is printed on stdout after what the code wrote to the Transcript, and ends with 0', async () => {
    const home = await homeWithSession();
    const ending = await stui(home, 'eval', "Transcript show: 'working'; cr. 3 + 4");
    expect(ending).toMatchObject({ code: 0, stdout: 'working\n7\n', stderr: '' });
  });

  it('is there for the next evaluation when it was bound', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 3 + 4');
    expect(await printed(home, 'x * 2')).toBe('14');
  });
});

describe('a value that nobody could read', () => {
  it('is named by its key when stdout was on a full disk', async () => {
    const home = await homeWithSession();
    const { stdout, stderr } = await shell(home, '$STUI eval "3 + 4" --key full > /dev/full; echo "$?"');
    expect({ stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ stdout: '1\n', lines: 2 });
    expect(stderr).toContain('stui result full');
    expect((await stui(home, 'result', 'full')).stdout).toBe('7\n');
  });

  it('is named by its key when its reader went away', async () => {
    const home = await homeWithSession();
    const command = startStui(home, {}, 'eval', '3 + 4', '--key', 'gone');
    command.child.stdout?.destroy();
    const { code, stderr } = await command.ended;
    expect({ code, stderr }).toEqual({ code: 141, stderr: expect.stringContaining('stui result gone') });
    expect((await stui(home, 'result', 'gone')).stdout).toBe('7\n');
  });
});

describe('code that raises', () => {
  it('ends with 9, tells class, message and place on stderr, and leaves the bindings as they were', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5');
    const ending = await stui(home, 'eval', "x := 6. Transcript show: 'so far'. nil frobnicate");
    expect(ending).toMatchObject({ code: 9, stdout: 'so far\n' });
    expect(ending.stderr).toMatch(/^MessageNotUnderstood: .*frobnicate \(line 1, column \d+\)\n/);
    expect(await printed(home, 'x')).toBe('6');
  });

  it('ends with 9 when it does not parse, and none of it runs', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5');
    const { code, json } = await stui(home, 'eval', 'x := 6. y := (3 + ', '--json');
    expect(code).toBe(9);
    expect(json).toMatchObject({ outcome: 'error', error: { class: 'SyntaxError', line: 1 } });
    expect(await printed(home, 'x')).toBe('5');
  });
});

describe('an evaluation that takes too long', () => {
  it('ends with 6 and its bindings stay', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5');
    const { code, json } = await stui(home, 'eval', 'x := 6. [true] whileTrue', '--timeout', '300ms', '--json');
    expect(code).toBe(6);
    expect(json).toMatchObject({ outcome: 'interrupted', printString: null, error: { class: 'Timeout' } });
    expect(await printed(home, 'x')).toBe('6');
    const { engineState } = (await stui(home, 'session', 'show', '--json')).json;
    expect(engineState).toBe('idle');
  });

  it('takes its limit from STUI_TIMEOUT, or from the preferences, when none is given', async () => {
    const home = await homeWithSession();
    const loop = ['eval', '[true] whileTrue'];
    expect((await stuiWith(home, { env: { STUI_TIMEOUT: '200ms' } }, ...loop)).code).toBe(6);
    await stui(home, 'config', 'set', 'timeout', '200ms');
    expect((await stui(home, ...loop)).code).toBe(6);
  });
});

describe('an engine killed in the middle of an evaluation', () => {
  it('ends it with 11: its outcome is unknown, nothing runs it again, and what was saved is back', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'x := 5');
    const evaluation = startStui(home, {}, 'eval', 'x := 6. [true] whileTrue', '--key', 'lost', '--json');
    await until(
      'the evaluation to run',
      async () => (await stui(home, 'status', '--json')).json.session.engineState === 'busy',
    );
    await killAtOnce(childrenOf(backendPid(home)));
    const { code, json } = await evaluation.ended;
    expect(code).toBe(11);
    expect(json).toMatchObject({ key: 'lost', outcome: 'unknown', printString: null });
    expect(json.error.message).toContain('SIGKILL');

    const next = await stui(home, 'eval', 'x');
    expect(next).toMatchObject({ code: 0, stdout: '5\n' });
    expect(next.stderr).toBe('stui: no engine was running; restored 1 binding from the journal\n');
    const again = await stui(home, 'eval', 'x := 6. [true] whileTrue', '--key', 'lost', '--json');
    expect(again.code).toBe(11);
    expect(again.json).toMatchObject({ outcome: 'unknown', fromJournal: true });
    expect((await stui(home, 'result', 'lost')).code).toBe(11);
  });

  it('tells a person that it may have run in part, and under which key', async () => {
    const home = await homeWithSession();
    const evaluation = startStui(home, {}, 'eval', '[true] whileTrue', '--key', 'lost');
    await until(
      'the evaluation to run',
      async () => (await stui(home, 'status', '--json')).json.session?.engineState === 'busy',
    );
    await killAtOnce(childrenOf(backendPid(home)));
    const { code, stdout, stderr } = await evaluation.ended;
    expect({ code, stdout }).toEqual({ code: 11, stdout: '' });
    expect(stderr).toMatch(/It may have run in part\..* lost\b/);
  });
});

describe('a key', () => {
  it('gives its first answer again, and nothing runs', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'n := 0');
    const first = (await stui(home, 'eval', 'n := n + 1', '--key', 'k', '--json')).json;
    const again = (await stui(home, 'eval', 'n := n + 1', '--key', 'k', '--json')).json;
    expect(again).toEqual({ ...first, fromJournal: true });
    expect(await printed(home, 'n')).toBe('1');
  });

  it('of an evaluation that is not answered yet is reported with 10', async () => {
    const home = await homeWithSession();
    const evaluation = startStui(home, {}, 'eval', '[true] whileTrue', '--key', 'k', '--timeout', '1s');
    const result = await until('the key to be accepted', async () => {
      const ending = await stui(home, 'result', 'k', '--json');
      return ending.code !== 3 && ending;
    });
    expect({ code: result.code, outcome: result.json.outcome }).toEqual({ code: 10, outcome: 'queued' });
    await evaluation.ended;
    expect((await stui(home, 'result', 'k')).code).toBe(6);
  });
});

describe('source', () => {
  it('comes from stdin for -', async () => {
    const home = await homeWithSession();
    expect((await stuiWith(home, { input: '3 +\n4\n' }, 'eval', '-')).stdout).toBe('7\n');
    expect((await stuiWith(home, { input: '3 + 5' }, 'eval', '-f', '-')).stdout).toBe('8\n');
  });

  it('comes from a file, which may be a file-in of classes', async () => {
    const home = await homeWithSession();
    const file = join(home, 'Counter.st');
    writeFileSync(
      file,
      `Object subclass: #Counter
  instanceVariableNames: 'count'
  package: 'Demo'!

!Counter methodsFor: 'counting'!
increment
  ^count := (count ifNil: [0]) + 1! !
`,
    );
    expect((await stui(home, 'eval', '-f', file)).code).toBe(0);
    expect(await printed(home, 'c := Counter new. c increment. c increment')).toBe('2');
  });

  it('given as an argument leaves the input of a surrounding loop alone', async () => {
    const home = await homeWithSession();
    const { code, stdout } = await shell(home, 'printf "1\\n2\\n3\\n" | while read n; do $STUI eval "$n + 1"; done');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2\n3\n4\n' });
  });

  it('that begins with a dash comes after --', async () => {
    const home = await homeWithSession();
    expect((await stui(home, 'eval', '--', '-3 abs')).stdout).toBe('3\n');
  });

  it('keeps every character, on its way in and out', async () => {
    const home = await homeWithSession();
    const text = 'Grüße, 世界 👩‍👩‍👧 \u0301e';
    expect((await stuiWith(home, { input: `x := '${text}'` }, 'eval', '-', '--json')).json.printString).toBe(
      `'${text}'`,
    );
    expect((await stui(home, 'eval', 'x')).stdout).toBe(`'${text}'\n`);
  });
});

describe('a session is meant', () => {
  it('by --session before STUI_SESSION before the current one', async () => {
    const home = await homeWithSession('current');
    await stui(home, 'eval', "whoami := 'current'");
    for (const name of ['environment', 'flag']) {
      await stui(home, 'session', 'create', name);
      await stui(home, 'eval', `whoami := '${name}'`);
    }
    await stui(home, 'session', 'use', 'current');
    const env = { STUI_SESSION: 'environment' };
    expect((await stui(home, 'eval', 'whoami')).stdout).toBe("'current'\n");
    expect((await stuiWith(home, { env }, 'eval', 'whoami')).stdout).toBe("'environment'\n");
    expect((await stuiWith(home, { env }, 'eval', 'whoami', '-s', 'flag')).stdout).toBe("'flag'\n");
    expect((await stuiWith(home, { env }, 'session', 'current')).stdout).toBe('environment\n');
    expect((await stuiWith(home, { env }, 'session', 'show', '--json')).json.name).toBe('environment');
  });

  it('by id, by name, and by a unique beginning of the id', async () => {
    const home = await homeWithSession('by name');
    const { id } = (await stui(home, 'session', 'show', '--json')).json;
    for (const reference of [id, 'by name', id.slice(0, 8)]) {
      expect((await stui(home, 'eval', '3 + 4', '-s', reference)).stdout).toBe('7\n');
    }
  });
});

describe('twenty evaluations at once in one session', () => {
  it('count once each, and the last value is right', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'n := 0');
    const endings = await Promise.all(Array.from({ length: 20 }, () => stui(home, 'eval', 'n := n + 1', '--json')));
    const values = endings.map(({ json }) => Number(json.printString)).sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await printed(home, 'n')).toBe('20');
  });
});

describe('the history', () => {
  it('is limited, searched and cut off by time', async () => {
    const home = await homeWithSession();
    for (const code of ['Alpha := 1', 'beta := 2', 'alpha := 3']) await stui(home, 'eval', code);
    const history = async (...flags: string[]) => {
      const { json } = await stui(home, 'history', '--json', ...flags);
      return { codes: json.evaluations.map((evaluation: Json) => evaluation.code), more: json.more };
    };
    expect(await history()).toEqual({ codes: ['Alpha := 1', 'beta := 2', 'alpha := 3'], more: false });
    expect(await history('--limit', '2')).toEqual({ codes: ['beta := 2', 'alpha := 3'], more: true });
    expect(await history('--grep', 'ALPHA')).toEqual({ codes: ['Alpha := 1', 'alpha := 3'], more: false });
    expect(await history('--grep', 'gamma')).toEqual({ codes: [], more: false });
    const { evaluations } = (await stui(home, 'history', '--json')).json;
    expect(await history('--since', evaluations[1].time)).toEqual({ codes: ['beta := 2', 'alpha := 3'], more: false });
    expect(await history('--since', '1h')).toEqual({ codes: ['Alpha := 1', 'beta := 2', 'alpha := 3'], more: false });
    expect(await history('--since', '2999-01-01')).toEqual({ codes: [], more: false });
  });

  it('keeps what failed', async () => {
    const home = await homeWithSession();
    await stui(home, 'eval', 'nil frobnicate');
    const { stdout } = await stui(home, 'history');
    expect(stdout).toMatch(/error +nil frobnicate +MessageNotUnderstood/);
  });
});
