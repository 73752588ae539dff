import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { LocalStateLocked } from '../../src/local/errors.js';
import { bundle, Child } from './child-process.js';
import { adding, numbersStore } from './numbers-store.js';
import { temporaryDirectory } from './temporary.js';

/** A killed holder's lock goes stale after seconds; the tests do not wait for that. */
function age(directory: string): void {
  try {
    utimesSync(join(directory, 'numbers.json.lock'), new Date(0), new Date(0));
  } catch {
    // It was killed between two changes, and holds nothing.
  }
}

describe('a store that several processes change', () => {
  it('keeps all 400 of 8 x 50 updates', async () => {
    const directory = temporaryDirectory();
    const script = bundle('add-numbers');
    const children = Array.from({ length: 8 }, (_, index) => new Child(script, [directory, String(index * 50), '50']));
    for (const child of children) expect(await child.end()).toMatchObject({ code: 0 });
    const numbers = [...numbersStore(directory).read().numbers].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 400 }, (_, number) => number));
  });

  it('keeps all updates that one process makes at once', async () => {
    const store = numbersStore(temporaryDirectory());
    await Promise.all(Array.from({ length: 20 }, (_, number) => store.update(adding(number))));
    expect(new Set(store.read().numbers).size).toBe(20);
  });

  it('survives 30 kills in the middle of updates: always whole, with every update that was confirmed', async () => {
    const directory = temporaryDirectory();
    const script = bundle('add-numbers');
    let next = 0;
    for (let kill = 0; kill < 30; kill += 1) {
      const child = new Child(script, [directory, String(next), '0']);
      await child.printed(1 + (kill % 4));
      // An update takes some 3 ms: the kills are spread over all of it.
      const until = performance.now() + kill * 0.1;
      while (performance.now() < until);
      const { lines } = await child.kill();
      const { numbers } = JSON.parse(readFileSync(join(directory, 'numbers.json'), 'utf8'));
      const confirmed = Number(lines.at(-1));
      // The one it was killed in may have come through or not.
      expect([confirmed + 1, confirmed + 2]).toContain(numbers.length);
      expect(numbers).toEqual(numbers.map((_: number, index: number) => index));
      next = numbers.length;
      age(directory);
    }
  });

  it('goes on when the holder of its lock was killed', async () => {
    const directory = temporaryDirectory();
    const holder = new Child(bundle('hold-lock'), [directory]);
    await holder.printed(1);
    const store = numbersStore(directory, { lockWaitMs: 20 });
    await expect(store.update(adding(1))).rejects.toBeInstanceOf(LocalStateLocked);
    await holder.kill();
    age(directory);
    await store.update(adding(2));
    expect(store.read()).toEqual({ numbers: [2] });
  });
});

describe('a process that changed a store', () => {
  it('gets a signal that it handles once', async () => {
    expect(await new Child(bundle('signal'), [temporaryDirectory(), 'handled']).end()).toMatchObject({
      code: 0,
      lines: ['0'],
    });
  });

  it('ends by a signal that it does not handle', async () => {
    const ended = await new Child(bundle('signal'), [temporaryDirectory(), 'unhandled']).end();
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});

describe('a process that only reads', () => {
  it('loads neither conf nor the lock', async () => {
    const script = bundle('read-state', ['conf', 'proper-lockfile']);
    const ended = await new Child(script, [temporaryDirectory()]).end();
    expect(ended).toMatchObject({ code: 0, lines: ['{"connection":"local","timeout":30000,"cached":0}'] });
  });
});
