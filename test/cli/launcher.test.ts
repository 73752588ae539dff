import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stui, temporaryHome } from './built-cli.js';

const COMMAND = ['config', 'list', '--json'];

/** @returns the one file of compiled code in a home's cache */
function cacheFile(home: string): string {
  const files = readdirSync(join(home, 'cache')).filter((name) => name.startsWith('core-'));
  expect(files).toHaveLength(1);
  return join(home, 'cache', files[0] as string);
}

async function expectToWork(home: string): Promise<void> {
  const { exitCode, stdout, stderr } = await stui(COMMAND, { STUI_HOME: home });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1 });
}

describe('the cache of compiled code', () => {
  test('is made for its owner alone by the first command, and left as it is by the next', async () => {
    const home = temporaryHome();
    await expectToWork(home);
    const { mtimeMs, mode } = statSync(cacheFile(home));
    expect(mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'cache')).mode & 0o777).toBe(0o700);
    await expectToWork(home);
    expect(statSync(cacheFile(home)).mtimeMs).toBe(mtimeMs);
  });

  test.each([
    ['emptied', () => Buffer.alloc(0)],
    ['cut short', (data: Buffer) => data.subarray(0, 1_000)],
    ['overwritten with zeros', (data: Buffer) => Buffer.alloc(data.length)],
    ['something else', () => Buffer.from('not compiled code')],
    ['changed by one bit', (data: Buffer) => flipBit(data, data.length >> 2)],
  ])('is ignored and replaced when it was %s', async (_, damage) => {
    const home = temporaryHome();
    await expectToWork(home);
    const file = cacheFile(home);
    const good = readFileSync(file);
    writeFileSync(file, damage(Buffer.from(good)));
    await expectToWork(home);
    expect(readFileSync(file).length).toBeGreaterThan(good.length / 2);
    await expectToWork(home);
  });

  test('is done without when its place cannot be written', async () => {
    const home = temporaryHome();
    // Permissions would not stop root.
    writeFileSync(join(home, 'cache'), 'a file where the directory should be');
    await expectToWork(home);
  });

  test('leaves no temporary file behind', async () => {
    const home = temporaryHome();
    mkdirSync(join(home, 'cache'));
    await Promise.all([expectToWork(home), expectToWork(home), expectToWork(home)]);
    cacheFile(home);
  });
});

function flipBit(data: Buffer, at: number): Buffer {
  data.writeUInt8(data.readUInt8(at) ^ 1, at);
  return data;
}
