/** The history: what it keeps and what it must not, over sessions, run again, and brought in from elsewhere. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { childrenOf, killAtOnce, signal } from './processes.js';
import {
  backendPid,
  type Json,
  printed,
  startStui,
  stui,
  stuiWith,
  temporaryDirectory,
  temporaryHome,
} from './stui.js';
import { until } from './until.js';

async function homeWithSessions(...names: string[]): Promise<string> {
  const home = temporaryHome();
  // The first one is made last, so that it is the current one.
  for (const name of (names.length > 0 ? names : ['demo']).toReversed()) await stui(home, 'session', 'create', name);
  return home;
}

const history = async (home: string, ...flags: string[]): Promise<Json[]> =>
  (await stui(home, 'history', '--json', ...flags)).json.evaluations;

const codes = async (home: string, ...flags: string[]): Promise<string[]> =>
  (await history(home, ...flags)).map(({ code }) => code);

/** Looks like a token of GitHub; made up by hand, so that no other file has it. */
const SECRET = `ghp_${'Qx7'.repeat(12)}`;
const WITH_SECRET = `'${SECRET}' size`;
const WITHOUT_SECRET = "'[redacted]' size";

/** Files below a directory that hold a text, in either of the encodings that programs keep texts in. */
function filesWith(directory: string, text: string): string[] {
  const forms = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];
  return readdirSync(directory, { encoding: 'utf8' }).flatMap((name) => {
    const path = join(directory, name);
    const kind = statSync(path, { throwIfNoEntry: false });
    if (kind?.isDirectory()) return filesWith(path, text);
    if (!kind?.isFile()) return [];
    const bytes = readFileSync(path);
    return forms.some((form) => bytes.includes(form)) ? [path] : [];
  });
}

/** What an archive holds, snapshots too, as text. */
async function exported(home: string): Promise<string> {
  const file = join(temporaryDirectory(), 'all.stui.jsonl.gz');
  await stui(home, 'session', 'export', '-o', file);
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  const blobs = lines.map((line) => Buffer.from(JSON.parse(line).data ?? '', 'base64').toString('utf8'));
  return [...lines, ...blobs].join('\n');
}

describe('a secret in the code', () => {
  it('runs, and is in no file, whichever way the code came and however it ended', async () => {
    const home = await homeWithSessions();
    const file = join(temporaryDirectory(), 'secret.st');
    writeFileSync(file, WITH_SECRET);
    const plain = await stui(home, 'eval', WITH_SECRET);
    expect(plain).toMatchObject({ code: 0, stdout: `${SECRET.length}\n` });
    expect(plain.stderr).toMatch(
      /^stui: the code holds secrets; the journal keeps it with \[redacted\] in their place, but what it answers, prints or binds is kept\n/,
    );
    expect((await stui(home, 'eval', '-f', file)).stdout).toBe(`${SECRET.length}\n`);
    expect((await stuiWith(home, { input: WITH_SECRET }, 'eval', '-')).stdout).toBe(`${SECRET.length}\n`);
    expect((await stui(home, 'eval', `${WITH_SECRET}. (`)).code).toBe(9);
    expect((await stui(home, 'eval', `${WITH_SECRET} frobnicate`)).code).toBe(9);
    expect((await stui(home, 'eval', `${WITH_SECRET}. [true] whileTrue`, '--timeout', '200ms')).code).toBe(6);
    expect((await stui(home, 'eval', WITH_SECRET, '-s', 'no such session')).code).toBe(3);
    const input = `stui eval "${WITH_SECRET}"\n`;
    expect((await stuiWith(home, { input }, 'history', 'import', '-')).code).toBe(0);
    expect((await history(home)).map(({ code, redacted }) => [code, redacted])).toEqual([
      [WITHOUT_SECRET, true],
      [WITHOUT_SECRET, true],
      [WITHOUT_SECRET, true],
      [`${WITHOUT_SECRET}. (`, true],
      [`${WITHOUT_SECRET} frobnicate`, true],
      [`${WITHOUT_SECRET}. [true] whileTrue`, true],
      [WITHOUT_SECRET, true],
    ]);
    await stui(home, 'session', 'list');
    await stui(home, 'session', 'save');
    expect(filesWith(home, SECRET)).toEqual([]);
    expect(await exported(home)).not.toContain(SECRET);
    await stui(home, 'backend', 'stop');
    expect(filesWith(home, SECRET)).toEqual([]);
  });

  it('is kept where that is asked for', async () => {
    const home = await homeWithSessions();
    const { json } = await stui(home, 'eval', WITH_SECRET, '--no-redact', '--json');
    expect(json).toMatchObject({ code: WITH_SECRET, redacted: false });
    expect(await codes(home)).toEqual([WITH_SECRET]);
    const imported = await stuiWith(home, { input: WITH_SECRET }, 'history', 'import', '-', '--no-redact', '--json');
    expect(imported.json.redacted).toBe(0);
    expect(await codes(home)).toEqual([WITH_SECRET, WITH_SECRET]);
    expect(filesWith(home, SECRET)).not.toEqual([]);
    expect(await exported(home)).toContain(SECRET);
  });

  it('is also what the user said is one', async () => {
    const home = await homeWithSessions();
    expect((await stui(home, 'config', 'set', 'secretPatterns', '["("]')).code).toBe(2);
    const patterns = '["corp-[0-9]{8}"]';
    expect((await stui(home, 'config', 'set', 'secretPatterns', patterns)).stdout).toBe(
      `secretPatterns is ${patterns}\n`,
    );
    expect((await stui(home, 'config', 'get', 'secretPatterns')).stdout).toBe(`${patterns}\n`);
    expect((await stui(home, 'config', 'get', 'secretPatterns', '--json')).json.value).toEqual(['corp-[0-9]{8}']);
    expect((await stui(home, 'config', 'list')).stdout).toContain(patterns);
    expect((await stui(home, 'eval', "'corp-12345678' size")).stdout).toBe('13\n');
    expect(await codes(home)).toEqual(["'[redacted]' size"]);
    expect(filesWith(home, 'corp-12345678')).toEqual([]);
  });

  it('under a key again, or another one in its place, gets the first answer', async () => {
    const home = await homeWithSessions();
    await stui(home, 'eval', 'n := 0');
    const code = (secret: string) => `n := n + '${secret}' size`;
    const first = (await stui(home, 'eval', code(SECRET), '--key', 'k', '--json')).json;
    const again = (await stui(home, 'eval', code(`${SECRET}longer`), '--key', 'k', '--json')).json;
    expect(again).toEqual({ ...first, fromJournal: true });
    expect(await printed(home, 'n')).toBe(String(SECRET.length));
    expect((await stui(home, 'eval', 'n := 1', '--key', 'k')).code).toBe(4);
  });

  it('keeps an evaluation from being queued: it fails with 5 and says why, unless secrets may be kept', async () => {
    const home = await homeWithSessions();
    await stui(home, 'backend', 'stop');
    const offline = ['eval', WITH_SECRET, '--no-autostart'];
    for (const flags of [[], ['--offline', 'queue']]) {
      const { code, stdout, stderr } = await stui(home, ...offline, ...flags);
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
      expect(stderr).toMatch(/was not kept, because it holds secrets\n.*--no-redact would keep it/);
    }
    expect((await stui(home, ...offline, '--offline', 'fail')).stderr).not.toContain('--no-redact');
    expect((await stui(home, 'outbox', 'list', '--json')).json.entries).toEqual([]);
    expect(filesWith(home, SECRET)).toEqual([]);
    expect((await stui(home, ...offline, '--no-redact')).code).toBe(10);
  });

  it('is gone with the backend: what waited with it is told not to have run', async () => {
    const home = await homeWithSessions();
    await stui(home, 'eval', 'n := 0');
    const long = startStui(home, {}, 'eval', '[true] whileTrue', '--key', 'long', '--json');
    await until('it to run', async () => (await stui(home, 'status', '--json')).json.session.engineState === 'busy');
    const waiting = startStui(home, {}, 'eval', `n := ${WITH_SECRET}`, '--key', 'secret', '--json');
    await until('both to wait', async () => (await stui(home, 'session', 'show', '--json')).json.pending === 2);
    const backend = backendPid(home);
    await killAtOnce([backend, ...childrenOf(backend)]);
    expect((await long.ended).code).toBe(11);
    const { code, json } = await waiting.ended;
    expect(code).toBe(9);
    expect(json).toMatchObject({ outcome: 'error', redacted: true, error: { class: 'CodeNotKept' } });
    expect((await stui(home, 'result', 'secret', '--json')).json).toMatchObject({ error: { class: 'CodeNotKept' } });
    expect(await printed(home, 'n')).toBe('0');
    expect(filesWith(home, SECRET)).toEqual([]);
  });
});

describe('the history', () => {
  it('is searched over all sessions, each named', async () => {
    const home = await homeWithSessions('one', 'two');
    await stui(home, 'eval', '1 + 1', '-s', 'one');
    await stui(home, 'eval', '1 / 0', '-s', 'two');
    await stui(home, 'eval', '3 + 3', '-s', 'one');
    const { json } = await stui(home, 'history', '--all', '--json');
    expect(json).toMatchObject({ session: null, more: false });
    const names = new Map(json.sessions.map(({ id, name }: Json) => [id, name]));
    expect(json.evaluations.map(({ session, code }: Json) => [names.get(session), code])).toEqual([
      ['one', '1 + 1'],
      ['two', '1 / 0'],
      ['one', '3 + 3'],
    ]);
    const { stdout } = await stui(home, 'history', '--all', '--failed');
    expect(stdout).toMatch(/^SESSION +REVISION .*\ntwo +3 .*1 \/ 0 .*\n$/);
    expect(await codes(home, '--all', '--grep', '+', '--limit', '1')).toEqual(['3 + 3']);
    expect(await codes(home)).toEqual(['1 + 1', '3 + 3']);
    for (const flags of [
      ['--session', 'one'],
      ['--range', '1..'],
    ]) {
      expect((await stui(home, 'history', '--all', ...flags)).code).toBe(2);
    }
  });

  it('is cut to a range of the revisions it shows, and to what failed', async () => {
    const home = await homeWithSessions();
    for (const code of ['a := 1', '1 / 0', 'b := 2', 'nil frobnicate']) await stui(home, 'eval', code);
    const all = await history(home);
    const [first, second, third, fourth] = all.map(({ revision }) => revision);
    expect(await codes(home, '--range', `${second}..${third}`)).toEqual(['1 / 0', 'b := 2']);
    expect(await codes(home, '--range', `..${first}`)).toEqual(['a := 1']);
    expect(await codes(home, '--range', String(fourth))).toEqual(['nil frobnicate']);
    expect(await codes(home, '--range', 'last:3', '--failed')).toEqual(['1 / 0', 'nil frobnicate']);
    expect(await codes(home, '--failed')).toEqual(['1 / 0', 'nil frobnicate']);
    expect(await codes(home, '--since', '1h', '--range', '1..', '--limit', '2')).toEqual(['b := 2', 'nil frobnicate']);
    expect((await stui(home, 'history', '--range', '5..2')).code).toBe(2);
    expect((await stui(home, 'history', '--since', 'yesterday')).code).toBe(2);
  });

  it('has commands below it, and help for each', async () => {
    const home = temporaryHome();
    const help = (await stui(home, 'history', '--help')).stdout;
    for (const text of ['--failed', 'history replay', 'history import']) expect(help).toContain(text);
    for (const words of [
      ['history', 'replay', '--help'],
      ['help', 'history', 'replay'],
    ]) {
      expect((await stui(home, ...words)).stdout).toContain('--stop-on-error');
    }
    expect((await stui(home, 'history', 'frob')).code).toBe(2);
  });
});

/** Longest test that runs slow inputs again and again, on a busy machine, in ms. */
const PATIENCE_MS = 150_000;

/** Some hundred ms of work on an idle machine, so that there is a middle to be killed in. */
const SLOW_INCREMENT = 'n := n + 1. 1 to: 1000000 do: [:i | i + 1]. n';

describe('a replay', () => {
  it('into another session gives the same, and names what it skips', async () => {
    const home = await homeWithSessions('from', 'to');
    const file =
      "Object subclass: #Counter instanceVariableNames: '' package: 'Demo'!\n!Counter methodsFor: 'x'!\nten\n  ^10! !\n";
    await stuiWith(home, { input: file }, 'eval', '-');
    for (const code of ["Transcript show: 'hi'. c := Counter new", 'n := c ten * 2', '1 / 0', WITH_SECRET]) {
      await stui(home, 'eval', code);
    }
    const plan = await stui(home, 'history', 'replay', '1..', '--into', 'to', '--dry-run', '--json');
    expect({ code: plan.code, ran: plan.json.ran, of: plan.json.evaluations.length }).toEqual({
      code: 0,
      ran: 0,
      of: 4,
    });
    expect(await codes(home, '-s', 'to')).toEqual([]);

    const { code, json } = await stui(home, 'history', 'replay', '1..', '--into', 'to', '--json');
    expect(code).toBe(9);
    expect(json.evaluations.map(({ same }: Json) => same)).toEqual([true, true, true, true]);
    const { session, into, keyPrefix, ran, failed, skipped, stoppedAt } = json;
    expect({ ran, failed, stoppedAt, differ: session !== into }).toEqual({
      ran: 4,
      failed: 1,
      stoppedAt: null,
      differ: true,
    });
    expect(skipped).toEqual([{ revision: expect.any(Number), reason: 'its code held secrets and was not kept' }]);
    expect(json.evaluations[1].evaluation.key).toBe(`${keyPrefix}-${json.evaluations[1].revision}`);
    expect((await stui(home, 'eval', 'n + c ten', '-s', 'to')).stdout).toBe('30\n');
  });

  it('tells a person the prefix of its keys first, and then each result', async () => {
    const home = await homeWithSessions();
    for (const code of ['n := 0', 'n := n + 1']) await stui(home, 'eval', code);
    const { code, stdout, stderr } = await stui(home, 'history', 'replay', 'last:1');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^stui: the keys begin with (replay-\S+); --key \1 goes on\n$/);
    expect(stdout).toMatch(
      /REVISION +OUTCOME +AS RECORDED .*\n\d+ +value +no +2 +n := n \+ 1\n\nRan 1 input; 1 not as recorded\n$/,
    );
  });

  it('with a key runs nothing twice in its own session, however open its range', async () => {
    const home = await homeWithSessions();
    for (const code of ['n := 0', 'n := n + 1', 'n := n + 1']) await stui(home, 'eval', code);
    const replay = async (range: string) => (await stui(home, 'history', 'replay', range, '--key', 'k', '--json')).json;
    const [first, again] = [await replay('1..'), await replay('1..')];
    expect([first.ran, again.ran]).toEqual([3, 0]);
    expect(again.evaluations.map(({ revision }: Json) => revision)).toEqual(
      first.evaluations.map(({ revision }: Json) => revision),
    );
    expect((await replay('last:2')).ran).toBe(0);
    expect(await printed(home, 'n')).toBe('2');
  });

  it(
    'killed in the middle goes on under the same key, and runs nothing twice',
    async () => {
      const home = await homeWithSessions('from', 'to');
      await stui(home, 'eval', 'n := 0');
      for (let times = 0; times < 8; times += 1) await stui(home, 'eval', SLOW_INCREMENT);
      const replay = ['history', 'replay', '1..', '--into', 'to', '--key', 'k', '--json'];
      const killed = startStui(home, {}, ...replay);
      await until('three of them to run', async () => (await codes(home, '-s', 'to')).length >= 3);
      signal(killed.child.pid as number, 'SIGKILL');
      await killed.ended;
      const { code, json } = await stui(home, ...replay);
      expect({ code, of: json.evaluations.length }).toEqual({ code: 0, of: 9 });
      expect(json.ran).toBeLessThan(8);
      expect(json.evaluations.every(({ same }: Json) => same)).toBe(true);
      expect((await stui(home, 'eval', 'n', '-s', 'to')).stdout).toBe('8\n');
      expect((await stui(home, ...replay)).json.ran).toBe(0);
    },
    PATIENCE_MS,
  );

  it(
    'ends with 5 when the backend is gone, and says how it goes on',
    async () => {
      const home = await homeWithSessions('from', 'to');
      await stui(home, 'eval', 'n := 0');
      for (let times = 0; times < 6; times += 1) await stui(home, 'eval', SLOW_INCREMENT);
      const replay = ['history', 'replay', '1..', '--into', 'to', '--json'];
      const running = startStui(home, {}, ...replay, '--no-autostart');
      await until('two of them to run', async () => (await codes(home, '-s', 'to')).length >= 2);
      const backend = backendPid(home);
      await killAtOnce([backend, ...childrenOf(backend)]);
      const { code, json } = await running.ended;
      expect({ code, error: json.error.code }).toEqual({ code: 5, error: 'unreachable' });
      const [, key] = /--key (\S+):/.exec(json.error.hint) ?? [];
      const again = (await stui(home, ...replay, '--key', key as string)).json;
      expect(again.ran).toBeLessThan(6);
      // The one that ran when the backend was killed has an unknown outcome, and does not run again.
      const outcomes = again.evaluations.map(({ evaluation }: Json) => evaluation.outcome);
      expect(outcomes.filter((outcome: string) => outcome === 'unknown').length).toBeLessThanOrEqual(1);
    },
    PATIENCE_MS,
  );

  it('stops at the first error where it is to', async () => {
    const home = await homeWithSessions('from', 'to');
    for (const code of ['n := 1', 'n := n / 0', 'n := 3']) await stui(home, 'eval', code);
    const [, bad] = await history(home);
    const { code, json } = await stui(home, 'history', 'replay', '1..', '--into', 'to', '--stop-on-error', '--json');
    expect({ code, ran: json.ran, stoppedAt: json.stoppedAt }).toEqual({ code: 9, ran: 2, stoppedAt: bad.revision });
    expect((await stui(home, 'eval', 'n', '-s', 'to')).stdout).toBe('1\n');
  });

  it('ends with 6 when the last one took too long, and with 3 and 2 for what is not there', async () => {
    const home = await homeWithSessions();
    await stui(home, 'eval', 'n := 0');
    await stui(home, 'eval', '[n < 0] whileFalse', '--timeout', '100ms');
    expect((await stui(home, 'history', 'replay', 'last:1', '--key', 'a')).code).toBe(6);
    expect((await stui(home, 'history', 'replay', '1..', '--into', 'nowhere')).code).toBe(3);
    expect((await stui(home, 'history', 'replay', '1..', '-s', 'nowhere')).code).toBe(3);
    for (const args of [['soon'], ['1..', '--key', ''], []]) {
      expect((await stui(home, 'history', 'replay', ...args)).code).toBe(2);
    }
    const { code, stdout } = await stui(home, 'history', 'replay', '9000..', '--key', 'b');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'There is nothing to run in that range.\n' });
  });
});

describe('an import', () => {
  const TIMED: readonly (readonly [format: string, file: string])[] = [
    ['bash', "#1700000000\nstui eval 'n := 3'\n#1700000001\nls\n#1700000002\nstui eval 'n + 4' --json\n"],
    ['zsh', ": 1700000000:0;stui eval 'n := 3'\n: 1700000001:0;ls\n: 1700000002:0;stui eval 'n + 4' --json\n"],
    [
      'fish',
      "- cmd: stui eval 'n := 3'\n  when: 1700000000\n- cmd: ls\n  when: 1700000001\n- cmd: stui eval 'n + 4'\n  when: 1700000002\n",
    ],
  ];

  it.each(TIMED)(
    'from the history of %s has the times, adds nothing the second time, and can be replayed',
    async (format, file) => {
      const home = await homeWithSessions();
      const run = async (...flags: string[]) => {
        const { code, json } = await stuiWith(home, { input: file }, 'history', 'import', '-', '--json', ...flags);
        return { code, format: json.format, found: json.found, recorded: json.recorded, known: json.known };
      };
      expect(await run('--dry-run')).toEqual({ code: 0, format, found: 2, recorded: 0, known: 0 });
      expect(await history(home)).toEqual([]);
      expect(await run()).toEqual({ code: 0, format, found: 2, recorded: 2, known: 0 });
      expect(await run('--format', format)).toEqual({ code: 0, format, found: 2, recorded: 0, known: 2 });
      expect((await history(home)).map(({ code, time, outcome }) => [code, time, outcome])).toEqual([
        ['n := 3', '2023-11-14T22:13:20.000Z', 'recorded'],
        ['n + 4', '2023-11-14T22:13:22.000Z', 'recorded'],
      ]);
      const { code, json } = await stui(home, 'history', 'replay', '1..', '--json');
      expect(code).toBe(0);
      expect(json.evaluations.map(({ evaluation, same }: Json) => [evaluation.printString, same])).toEqual([
        ['3', null],
        ['7', null],
      ]);
    },
  );

  it('from a text takes every line, and from chunks every chunk', async () => {
    const home = await homeWithSessions();
    const text = join(temporaryDirectory(), 'typed.txt');
    writeFileSync(text, 'n := 3\n\nn + 4\n');
    expect((await stui(home, 'history', 'import', text)).stdout).toBe('Recorded 2 inputs from text\n');
    const chunks = 'n := 3!\nn\n  + 4! !\n';
    expect((await stuiWith(home, { input: chunks }, 'history', 'import', '-')).stdout).toBe(
      'Recorded 2 inputs from chunks\n',
    );
    expect(await codes(home)).toEqual(['n := 3', 'n + 4', 'n := 3', 'n\n  + 4']);
    const { stdout } = await stuiWith(
      home,
      { input: chunks },
      'history',
      'import',
      '-',
      '--format',
      'text',
      '--dry-run',
    );
    expect(stdout).toMatch(/CODE\n +n := 3!\n +n\n +\+ 4! !\n\nWould record 3 inputs from text\n$/);
  });

  it('of an export brings back what ran elsewhere, once', async () => {
    const home = await homeWithSessions('from', 'to');
    for (const code of ['n := 3', 'n + 4']) await stui(home, 'eval', code);
    const file = join(temporaryDirectory(), 'from.st');
    await stui(home, 'session', 'export', '--format', 'st', '-o', file);
    const run = async () => (await stui(home, 'history', 'import', file, '-s', 'to', '--json')).json;
    expect(await run()).toMatchObject({ format: 'chunks', recorded: 2, known: 0 });
    expect(await run()).toMatchObject({ recorded: 0, known: 2 });
    expect(await codes(home, '-s', 'to')).toEqual(['n := 3', 'n + 4']);
  });

  it('tells what it left out, and fails for what is not there', async () => {
    const home = await homeWithSessions();
    const input = `stui eval "${WITH_SECRET}"\nstui eval -f x.st\nstui eval '3'\n`;
    const { stdout } = await stuiWith(home, { input }, 'history', 'import', '-');
    expect(stdout).toBe(
      'Recorded 2 inputs from bash; 1 without their secrets; 1 skipped because the file does not hold their code\n',
    );
    expect((await stui(home, 'history', 'import', join(home, 'nothing'))).code).toBe(3);
    expect((await stuiWith(home, { input: '3' }, 'history', 'import', '-', '-s', 'nowhere')).code).toBe(3);
    await stui(home, 'session', 'close');
    expect((await stuiWith(home, { input: '3' }, 'history', 'import', '-')).code).toBe(4);
  });

  it('takes more than one request holds', async () => {
    const home = await homeWithSessions();
    const input = Array.from({ length: 5_001 }, (_, index) => `${index} printString`).join('\n');
    const { json } = await stuiWith(home, { input }, 'history', 'import', '-', '--json');
    expect(json).toMatchObject({ found: 5_001, recorded: 5_001 });
    expect(await codes(home, '--range', 'last:5001')).toHaveLength(5_001);
  });
});
