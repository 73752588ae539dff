/** Sessions in files, from one home to another. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { itMounts, mountTmpfs } from '../local/privileged.js';
import { type Json, printed, shell, stui, stuiWith, temporaryDirectory, temporaryHome } from './stui.js';

/** @returns a home with a session that has been worked in */
async function homeAtWork(): Promise<string> {
  const home = temporaryHome();
  await stui(home, 'session', 'create', 'demo', '--label', 'branch=main');
  await stui(home, 'eval', "x := OrderedCollection new. x add: 'one'; add: 'two'. x size");
  return home;
}

async function archiveOf(home: string): Promise<string> {
  const file = join(temporaryDirectory(), 'demo.stui.jsonl.gz');
  const { code, stderr } = await stui(home, 'session', 'export', '-o', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return file;
}

const journal = async (home: string): Promise<string> => (await stui(home, 'log', 'demo', '--json')).stdout;

describe('an archive', () => {
  it('brings a session to another machine, history, labels and bindings', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const { code, json } = await stui(there, 'session', 'import', await archiveOf(here), '--json');
    expect({ code, imported: json.imported }).toEqual({ code: 0, imported: 'created' });
    expect(json.session).toMatchObject({ name: 'demo', labels: { branch: 'main' }, state: 'open' });
    expect(await journal(there)).toBe(await journal(here));
    await stui(there, 'session', 'use', 'demo');
    expect(await printed(there, 'x last')).toBe("'two'");
  });

  it('imported again changes nothing; a later one advances the session; one that went another way is refused with 4', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const early = await archiveOf(here);
    await stui(here, 'eval', "x add: 'three'");
    const late = await archiveOf(here);
    const imported = async (file: string) => (await stui(there, 'session', 'import', file, '--json')).json.imported;
    expect([await imported(early), await imported(early), await imported(late), await imported(early)]).toEqual([
      'created',
      'unchanged',
      'advanced',
      'unchanged',
    ]);
    await stui(there, 'eval', "x add: 'there'", '-s', 'demo');
    await stui(here, 'eval', "x add: 'here'");
    const before = await journal(there);
    const { code, json } = await stui(there, 'session', 'import', await archiveOf(here), '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 4, error: 'diverged' });
    expect(await journal(there)).toBe(before);
  });

  it('travels through pipes', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const { code, stderr } = await shell(here, `$STUI session export -o - | STUI_HOME=${there} $STUI session import -`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await journal(there)).toBe(await journal(here));
  });

  it('may come unpacked', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const text = gunzipSync(readFileSync(await archiveOf(here)));
    expect((await stuiWith(there, { input: text }, 'session', 'import', '-')).code).toBe(0);
    expect(await journal(there)).toBe(await journal(here));
  });

  it('with any flipped byte, or cut short anywhere, is refused with 8, and nothing is filed', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const packed = readFileSync(await archiveOf(here));
    const text = gunzipSync(packed);
    const flipped = (bytes: Buffer, place: number) => {
      const copy = Buffer.from(bytes);
      copy[place] = (copy[place] as number) ^ 1;
      return copy;
    };
    const damaged = [
      ...[0.1, 0.3, 0.5, 0.7, 0.9].map((part) => flipped(text, Math.floor(text.length * part))),
      flipped(packed, Math.floor(packed.length / 2)),
      packed.subarray(0, packed.length / 2),
      text.subarray(0, text.length / 2),
      text.subarray(0, text.length - 1),
      text.subarray(0, text.lastIndexOf('\n', text.length - 2) + 1),
    ];
    for (const input of damaged) {
      const { code, json } = await stuiWith(there, { input }, 'session', 'import', '-', '--json');
      expect({ code, error: json.error.code }).toEqual({ code: 8, error: 'archive-damaged' });
    }
    expect((await stui(there, 'session', 'list', '--json')).json.sessions).toEqual([]);
  });

  it('with entries taken out and all digests made anew is still refused, by its chain', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const lines = gunzipSync(readFileSync(await archiveOf(here)))
      .toString()
      .trimEnd()
      .split('\n');
    lines.splice(2, 1);
    const input = gzipSync(`${lines.join('\n')}\n`);
    const { code, stdout } = await stuiWith(there, { input }, 'session', 'import', '-', '--json');
    expect({ code, message: JSON.parse(stdout).error.message }).toEqual({
      code: 8,
      message: expect.stringContaining('revisions up to 1 verify'),
    });
  });

  it('made by a newer stui is refused with 8 and the advice to update', async () => {
    const here = await homeAtWork();
    const there = temporaryHome();
    const text = gunzipSync(readFileSync(await archiveOf(here))).toString();
    const input = text.replace('"version":1', '"version":2');
    const { code, json } = await stuiWith(there, { input }, 'session', 'import', '-', '--json');
    expect({ code, hint: json.error.hint }).toEqual({ code: 8, hint: 'Update stui.' });
  });
});

describe('an export', () => {
  it('goes to NAME.stui.jsonl.gz in the working directory, for its owner only', async () => {
    const home = await homeAtWork();
    const cwd = temporaryDirectory();
    await stui(home, 'session', 'rename', 'demo', 'team/my build');
    const { code, json } = await stuiWith(home, { cwd }, 'session', 'export', '--json');
    expect({ code, file: json.file }).toEqual({ code: 0, file: 'team-my-build.stui.jsonl.gz' });
    expect(readdirSync(cwd)).toEqual([json.file]);
    expect(json.bytes).toBe(readFileSync(join(cwd, json.file)).length);
  });

  it('that cannot be written leaves what was there, and no pieces of itself', async () => {
    const home = await homeAtWork();
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'taken'));
    for (const output of ['taken', join('missing', 'x.gz')]) {
      const { code, json } = await stuiWith(home, { cwd }, 'session', 'export', '-o', output, '--json');
      expect({ code, error: json.error.code }).toEqual({ code: 1, error: 'file-not-written' });
    }
    expect(readdirSync(cwd)).toEqual(['taken']);
  });

  itMounts('to a full disk says so, leaves the file that was there, and no pieces of the new one', async () => {
    const home = await homeAtWork();
    const disk = mountTmpfs('size=64k');
    const file = join(disk, 'demo.gz');
    await stui(home, 'session', 'export', '-o', file);
    const before = readFileSync(file);
    // What the next archive has beyond this does not shrink when it is packed.
    await stui(home, 'eval', `noise := '${noise(90_000)}'. nil`);
    const { code, json } = await stui(home, 'session', 'export', '-o', file, '--json');
    expect({ code, error: json.error.code }).toEqual({ code: 1, error: 'file-not-written' });
    expect(json.error.hint).toContain('Free some space');
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(disk)).toEqual(['demo.gz']);
  });

  it('for people has the code and the results', async () => {
    const home = await homeAtWork();
    const text = async (format: string) => (await stui(home, 'session', 'export', '--format', format)).stdout;
    expect(await text('st')).toContain("x add: 'one'; add: 'two'");
    expect(await text('md')).toContain('OrderedCollection new');
    const document: Json = JSON.parse(await text('json'));
    expect(document).toMatchObject({ schemaVersion: 1, session: { name: 'demo' } });
    expect(document.entries[0]).toMatchObject({ seq: 1, type: 'created', hash: expect.any(String) });
  });

  it('as a file-in gives another session the same bindings', async () => {
    const home = await homeAtWork();
    const file = join(temporaryDirectory(), 'demo.st');
    await stui(home, 'session', 'export', '--format', 'st', '-o', file);
    await stui(home, 'session', 'create', 'copy');
    expect((await stui(home, 'eval', '-f', file)).code).toBe(0);
    expect(await printed(home, 'x last')).toBe("'two'");
  });

  it('leaves the session and its revision as they were', async () => {
    const home = await homeAtWork();
    const before = await journal(home);
    await archiveOf(home);
    expect(await journal(home)).toBe(before);
  });
});

/** Letters without a pattern that gzip could use, the same every time. */
function noise(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let state = 1;
  let text = '';
  while (text.length < length) {
    // The generator of Park and Miller.
    state = (state * 48_271) % 2_147_483_647;
    text += letters[state % 64];
  }
  return text;
}
