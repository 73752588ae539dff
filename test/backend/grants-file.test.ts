import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { GrantsFile } from '../../src/backend/grants-file.js';
import { temporaryDirectory } from '../local/temporary.js';

const FILE = 'grants.json';

async function opened(directory = temporaryDirectory()) {
  const log: string[] = [];
  const grants = await GrantsFile.open(directory, (line) => log.push(line));
  return { directory, grants, log };
}

describe('a grant', () => {
  it('is there after a restart, and gone once its session was removed', async () => {
    const { directory, grants } = await opened();
    await grants.add('s', 'a');
    await grants.add('s', 'b');
    await grants.add('t', 'a');
    await grants.remove('t');
    const { grants: again } = await opened(directory);
    expect([again.has('s', 'a'), again.has('s', 'b'), again.has('t', 'a'), again.has('s', 'c')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(statSync(join(directory, FILE)).mode & 0o777).toBe(0o600);
  });

  it('is in the file whenever it is said to be, of many at once, and of the same twice', async () => {
    const { directory, grants } = await opened();
    const names = ['__proto__', 'constructor', 'a', 'b', 'a'];
    const check = async (client: string) => {
      await grants.add('__proto__', client);
      expect(Object.entries(JSON.parse(readFileSync(join(directory, FILE), 'utf8')).sessions)[0]?.[1]).toContain(
        client,
      );
    };
    await Promise.all(names.map(check));
    const { grants: again } = await opened(directory);
    for (const name of names) expect(again.has('__proto__', name)).toBe(true);
    expect(readdirSync(directory)).toEqual([FILE]);
  });

  it('that could not be written is written when it is asked for again', async () => {
    const { directory, grants } = await opened();
    mkdirSync(join(directory, FILE, 'in the way'), { recursive: true });
    await expect(grants.add('s', 'a')).rejects.toThrow();
    await expect(grants.add('s', 'a')).rejects.toThrow();
    rmSync(join(directory, FILE), { recursive: true });
    await grants.add('s', 'a');
    expect((await opened(directory)).grants.has('s', 'a')).toBe(true);
  });
});

describe('a file of grants that is damaged', () => {
  it.each(['', '{', '[]', '{"version": 2, "sessions": {}}', '{"version": 1, "sessions": {"s": "a"}}'])(
    'is kept aside, grants nothing, and is told of: %j',
    async (text) => {
      const directory = temporaryDirectory();
      writeFileSync(join(directory, FILE), text);
      const { grants, log } = await opened(directory);
      expect(grants.has('s', 'a')).toBe(false);
      const [kept] = readdirSync(directory);
      expect(readFileSync(join(directory, kept as string), 'utf8')).toBe(text);
      expect(log).toEqual([expect.stringContaining(kept as string)]);
      await grants.add('s', 'a');
      expect((await opened(directory)).grants.has('s', 'a')).toBe(true);
    },
  );
});
