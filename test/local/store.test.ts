import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  InvalidValue,
  LocalStateDamaged,
  LocalStateLocked,
  LocalStateNewer,
  LocalStateUnusable,
  UnsafePath,
} from '../../src/local/errors.js';
import { Store } from '../../src/local/store.js';
import { withLock } from '../../src/local/store-lock.js';
import { adding, numbersStore } from './numbers-store.js';
import { temporaryDirectory } from './temporary.js';

const path = (directory: string, suffix = ''): string => join(directory, `numbers.json${suffix}`);
const stored = (directory: string, suffix = ''): unknown => JSON.parse(readFileSync(path(directory, suffix), 'utf8'));

async function withTwoVersions(): Promise<string> {
  const directory = temporaryDirectory();
  await numbersStore(directory).update(adding(1));
  await numbersStore(directory).update(adding(2));
  return directory;
}

describe('a store', () => {
  it('that was never written is empty, and reading it makes nothing', () => {
    const directory = join(temporaryDirectory(), 'missing');
    expect(numbersStore(directory).read()).toEqual({ numbers: [] });
    expect(existsSync(directory)).toBe(false);
  });

  it('gives back any JSON value, hostile keys included', async () => {
    const directory = temporaryDirectory();
    const store = new Store<{ value: unknown }>({
      directory,
      name: 'anything',
      shape: { schemaVersion: 1, empty: () => ({ value: null }), decode: ({ value }) => ({ value }) },
      now: () => new Date(0),
      warn: () => undefined,
    });
    const hostile = fc.constantFrom(
      '__proto__',
      '__internal__',
      '__internal__.migrations',
      'constructor',
      'a.b',
      '../x',
      '🙂',
    );
    const values = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.jsonValue(), fc.dictionary(hostile, tie('value'))),
    })).value;
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const json = JSON.stringify(value);
        await store.update(() => ({ value: JSON.parse(json) }));
        expect(JSON.stringify(store.read().value)).toBe(json);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the fields that it does not know', async () => {
    const directory = temporaryDirectory();
    writeFileSync(path(directory), '{"schemaVersion":1,"numbers":[1],"later":{"a":true}}');
    await numbersStore(directory).update(adding(2));
    expect(stored(directory)).toEqual({ schemaVersion: 1, numbers: [1, 2], later: { a: true } });
  });

  it('does not touch the disk when a change changes nothing', async () => {
    const directory = await withTwoVersions();
    await numbersStore(directory).update((current) => ({ numbers: [...current.numbers] }));
    expect(stored(directory, '.bak')).toEqual({ schemaVersion: 1, numbers: [1] });
  });

  it('keeps the version before as .bak, and nothing else beside the file', async () => {
    const directory = await withTwoVersions();
    expect(stored(directory, '.bak')).toEqual({ schemaVersion: 1, numbers: [1] });
    expect(readdirSync(directory).sort()).toEqual(['numbers.json', 'numbers.json.bak']);
  });

  it('leaves the file as it was when the change throws', async () => {
    const directory = await withTwoVersions();
    const failing = numbersStore(directory).update(() => {
      throw new RangeError('no');
    });
    await expect(failing).rejects.toBeInstanceOf(RangeError);
    await numbersStore(directory, { lockWaitMs: 0 }).update(adding(3));
    expect(numbersStore(directory).read()).toEqual({ numbers: [1, 2, 3] });
  });

  it('removes what killed writers left', async () => {
    const directory = await withTwoVersions();
    for (const left of ['numbers.next-1-a.json', 'numbers.next-1-a.json.tmp-1234567890abcdef']) {
      writeFileSync(join(directory, left), '{');
    }
    writeFileSync(join(directory, 'numbers-next.json'), '{}');
    await numbersStore(directory).update(adding(3));
    expect(readdirSync(directory).sort()).toEqual(['numbers-next.json', 'numbers.json', 'numbers.json.bak']);
  });

  it.each(['../x', 'a.b', '', 'Upper', 'x/y', '__proto__', '🙂', 'a'.repeat(33)])('cannot be named %j', (name) => {
    expect(() => numbersStore(temporaryDirectory(), { name })).toThrow(InvalidValue);
  });
});

describe('a damaged store', () => {
  const damages: [string, string | Buffer][] = [
    ['truncated', '{"schemaVersion":1,"numbers":[1,'],
    ['empty', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['of a wrong field type', '{"numbers":"1"}'],
    ['of a wrong version type', '{"schemaVersion":"1","numbers":[]}'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ];

  it.each(damages)('(%s) is read from the version before, with a warning and no change on disk', async (_, bytes) => {
    const directory = await withTwoVersions();
    writeFileSync(path(directory), bytes);
    const store = numbersStore(directory);
    expect(store.read()).toEqual({ numbers: [1] });
    expect(store.warnings).toMatchObject([{ code: 'local-state-recovered', file: path(directory) }]);
    expect(readFileSync(path(directory))).toEqual(Buffer.from(bytes));
  });

  it.each(damages)('(%s) is mended by the next change and kept aside', async (_, bytes) => {
    const directory = await withTwoVersions();
    writeFileSync(path(directory), bytes);
    const store = numbersStore(directory);
    await store.update(adding(3));
    expect(store.read()).toEqual({ numbers: [1, 3] });
    expect(store.warnings).toHaveLength(1);
    expect(store.warnings[0]?.message).toContain('numbers.json.damaged-20260102T030405678Z');
    expect(readFileSync(path(directory, '.damaged-20260102T030405678Z'))).toEqual(Buffer.from(bytes));
    expect(stored(directory, '.bak')).toEqual({ schemaVersion: 1, numbers: [1] });
  });

  it.each(damages)('(%s) without a good backup is an error that names it, and stays as it is', async (_, bytes) => {
    const directory = temporaryDirectory();
    writeFileSync(path(directory), bytes);
    const store = numbersStore(directory);
    expect(() => store.read()).toThrow(LocalStateDamaged);
    expect(() => store.read()).toThrow(path(directory));
    await expect(store.update(adding(1))).rejects.toBeInstanceOf(LocalStateDamaged);
    expect(readFileSync(path(directory))).toEqual(Buffer.from(bytes));
  });

  it('that is a directory is an error without a backup, and moved aside with one', async () => {
    const directory = temporaryDirectory();
    mkdirSync(path(directory));
    expect(() => numbersStore(directory).read()).toThrow('it is a directory');
    await expect(numbersStore(directory).update(adding(1))).rejects.toBeInstanceOf(LocalStateDamaged);
    writeFileSync(path(directory, '.bak'), '{"numbers":[8]}');
    await numbersStore(directory).update(adding(9));
    expect(numbersStore(directory).read()).toEqual({ numbers: [8, 9] });
    expect(existsSync(path(directory, '.damaged-20260102T030405678Z'))).toBe(true);
  });

  it('that can be had again elsewhere starts empty, without a word', async () => {
    const directory = await withTwoVersions();
    writeFileSync(path(directory), '{');
    const store = numbersStore(directory, { losable: true });
    expect(store.read()).toEqual({ numbers: [] });
    await store.update(adding(5));
    expect(store.read()).toEqual({ numbers: [5] });
    expect(store.warnings).toEqual([]);
  });

  it('is not brought back from a backup older than its removal', async () => {
    const directory = temporaryDirectory();
    writeFileSync(path(directory, '.bak'), '{"numbers":[8]}');
    await numbersStore(directory).update(adding(1));
    writeFileSync(path(directory), '{');
    expect(() => numbersStore(directory).read()).toThrow(LocalStateDamaged);
  });
});

describe('a store written by a newer stui', () => {
  it('is read where it can be, and never overwritten', async () => {
    const directory = temporaryDirectory();
    const bytes = '{"schemaVersion":2,"numbers":[1],"new":[]}';
    writeFileSync(path(directory), bytes);
    expect(numbersStore(directory).read()).toEqual({ numbers: [1] });
    await expect(numbersStore(directory).update(adding(2))).rejects.toBeInstanceOf(LocalStateNewer);
    expect(readFileSync(path(directory), 'utf8')).toBe(bytes);
  });

  it('is not taken for damaged where it cannot be read', async () => {
    const directory = await withTwoVersions();
    writeFileSync(path(directory), '{"schemaVersion":2,"numbers":{}}');
    expect(() => numbersStore(directory).read()).toThrow(LocalStateNewer);
    await expect(numbersStore(directory).update(adding(3))).rejects.toBeInstanceOf(LocalStateNewer);
  });
});

describe('the lock of a store', () => {
  it('is waited for no longer than the limit, and the error names the file and the lock', async () => {
    const directory = temporaryDirectory();
    mkdirSync(path(directory, '.lock'));
    const error = await numbersStore(directory, { lockWaitMs: 20 })
      .update(adding(1))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LocalStateLocked);
    expect(error).toMatchObject({
      code: 'local-state-locked',
      file: path(directory),
      lockPath: path(directory, '.lock'),
    });
  });

  it('is taken over when its holder shows no sign of life', async () => {
    const directory = temporaryDirectory();
    mkdirSync(path(directory, '.lock'));
    utimesSync(path(directory, '.lock'), new Date(0), new Date(0));
    await numbersStore(directory, { lockWaitMs: 20 }).update(adding(1));
    expect(numbersStore(directory).read()).toEqual({ numbers: [1] });
  });

  it('is held until asynchronous work is done', async () => {
    const file = path(temporaryDirectory());
    const refused = withLock(file, 0, async () => {
      await Promise.resolve();
      return withLock(file, 0, () => 'held twice');
    });
    await expect(refused).rejects.toBeInstanceOf(LocalStateLocked);
    expect(await withLock(file, 0, () => 'free again')).toBe('free again');
  });

  it('is not needed for reading', async () => {
    const directory = await withTwoVersions();
    mkdirSync(path(directory, '.lock'));
    expect(numbersStore(directory).read()).toEqual({ numbers: [1, 2] });
  });

  it('lost in the middle of a change makes the change start over on what the other holder wrote', async () => {
    const directory = await withTwoVersions();
    let calls = 0;
    await numbersStore(directory).update(({ numbers }) => {
      calls += 1;
      if (calls === 1) writeFileSync(path(directory), '{"numbers":[1,2,77]}');
      return { numbers: [...numbers, 3] };
    });
    expect(numbersStore(directory).read()).toEqual({ numbers: [1, 2, 77, 3] });
    expect(calls).toBe(2);
  });

  it('lost for good ends the attempts with an error', async () => {
    const directory = await withTwoVersions();
    let size = 2;
    const overtaken = numbersStore(directory, { lockWaitMs: 20 }).update(({ numbers }) => {
      writeFileSync(path(directory), JSON.stringify({ numbers: Array(size++).fill(0) }));
      return { numbers: [...numbers, 3] };
    });
    await expect(overtaken).rejects.toBeInstanceOf(LocalStateLocked);
  });
});

describe('a store below a file', () => {
  it('is an error that names the path, for reading and for writing', async () => {
    const home = join(temporaryDirectory(), 'home');
    writeFileSync(home, '');
    const store = numbersStore(join(home, 'config'));
    expect(() => store.read()).toThrow(LocalStateUnusable);
    expect(() => store.read()).toThrow(join(home, 'config'));
    await expect(store.update(adding(1))).rejects.toBeInstanceOf(LocalStateUnusable);
  });
});

describe('links in the place of a store', () => {
  it('are refused for its directory', async () => {
    const directory = temporaryDirectory();
    symlinkSync(temporaryDirectory(), join(directory, 'link'));
    const store = numbersStore(join(directory, 'link'));
    expect(() => store.read()).toThrow(UnsafePath);
    await expect(store.update(adding(1))).rejects.toBeInstanceOf(UnsafePath);
  });

  it('are read, since configuration is mounted so, but not replaced, for its file', async () => {
    const directory = temporaryDirectory();
    const elsewhere = join(temporaryDirectory(), 'real.json');
    writeFileSync(elsewhere, '{"numbers":[4]}');
    symlinkSync(elsewhere, path(directory));
    expect(numbersStore(directory).read()).toEqual({ numbers: [4] });
    await expect(numbersStore(directory).update(adding(1))).rejects.toBeInstanceOf(UnsafePath);
    expect(readFileSync(elsewhere, 'utf8')).toBe('{"numbers":[4]}');
  });
});
