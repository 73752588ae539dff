import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BadPath,
  formatPath,
  parsePath,
  patchRemoving,
  patchSetting,
  valueAt,
} from '../../src/session/context-path.js';
import { canonical, type Json, type JsonObject } from '../../src/session/json.js';
import { applyMergePatch } from '../../src/session/merge-patch.js';
import { contexts, parsed, values } from './contexts.js';
import { hostileName } from './entries.js';

const name = fc.oneof(hostileName, fc.string(), fc.constantFrom('', '.', '\\', '/', '~', '~1', '/a', '0', '-'));
const paths = fc.array(name, { minLength: 1, maxLength: 4 });

describe('parsePath and formatPath', () => {
  it.each<[string, string[]]>([
    ['buffer', ['buffer']],
    ['layout.panels.browser.size', ['layout', 'panels', 'browser', 'size']],
    ['a\\.b.c', ['a.b', 'c']],
    ['a\\\\.b', ['a\\', 'b']],
    ['a/b', ['a/b']],
    ['a~1b', ['a~1b']],
    ['__proto__.constructor', ['__proto__', 'constructor']],
    ['l.0', ['l', '0']],
    ['/', ['']],
    ['/a//b', ['a', '', 'b']],
    ['/~1a/m~0n', ['/a', 'm~n']],
  ])('%s is %j, and back', (text, path) => {
    expect(parsePath(text)).toEqual(path);
    expect(formatPath(path)).toBe(text === '/~1a/m~0n' ? text : formatPath(parsePath(text)));
  });

  it('reads a JSON Pointer as RFC 6901 has it, and writes the shorter way where there is one', () => {
    expect(parsePath('/layout/panels/a.b')).toEqual(['layout', 'panels', 'a.b']);
    expect(formatPath(['layout', 'panels', 'a.b'])).toBe('layout.panels.a\\.b');
    expect(parsePath('/~01')).toEqual(['~1']);
    expect(formatPath([])).toBe('');
  });

  it('gives back every path', () => {
    fc.assert(
      fc.property(paths, (path) => expect(parsePath(formatPath(path))).toEqual(path)),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['', 'The path is empty.'],
    ['a..b', '"a..b" has an empty name; if that is meant, write the path as a JSON Pointer: /a//b.'],
    ['.a', '".a" has an empty name'],
    ['a.', '"a." has an empty name'],
    ['a\\b', '"a\\b" has a backslash that stands before neither a dot nor a backslash.'],
    ['a\\', '"a\\" has a backslash'],
    ['/a~2', '"/a~2" is no JSON Pointer: behind "~" it has 0, for "~", or 1, for "/".'],
    ['/~', '"/~" is no JSON Pointer'],
  ])('refuses %j: %s', (text, message) => {
    expect(() => parsePath(text)).toThrow(BadPath);
    expect(() => parsePath(text)).toThrow(message);
  });
});

describe('valueAt', () => {
  const context = parsed('{"a": {"b": [1, {"c": 2}], "": 3}, "__proto__": {"x": 4}}');

  it.each<[string, Json]>([
    ['a.b.0', 1],
    ['a.b.1.c', 2],
    ['/a/', 3],
    ['__proto__.x', 4],
    ['a.b.2', undefined],
    ['a.b.00', undefined],
    ['a.b.-1', undefined],
    ['a.b.length', undefined],
    ['a.b.0.x', undefined],
    ['a.__proto__', undefined],
    ['a.constructor', undefined],
    ['x.y.z', undefined],
  ])('finds at %s %j', (path, value) => expect(valueAt(context, parsePath(path))).toEqual(value));

  it('finds the whole at the empty path', () => expect(valueAt(context, [])).toBe(context));
});

const patched = (context: JsonObject, patch: JsonObject) => applyMergePatch(context, patch) as JsonObject;

describe('patchSetting', () => {
  it('gives a patch that sets just that', () => {
    expect(canonical(patchSetting(['layout', 'focus'], 'a'))).toBe('{"layout":{"focus":"a"}}');
    expect(canonical(patchSetting(['__proto__', 'x'], [null]))).toBe('{"__proto__":{"x":[null]}}');
  });

  it('puts an object in place of the one that the context has there', () => {
    const patch = patchSetting(['a'], { x: 1, y: { z: 2 } }, { a: { w: 0, x: 1 } });
    expect(canonical(patch)).toBe('{"a":{"w":null,"y":{"z":2}}}');
    expect(canonical(patchSetting(['a'], { x: 1 }))).toBe('{"a":{"x":1}}');
  });

  it('sets what is then there, or says why it cannot, and touches nothing else', () => {
    fc.assert(
      fc.property(contexts, fc.array(hostileName, { minLength: 1, maxLength: 3 }), values, (context, path, value) => {
        const set = attempt(() => patched(context, patchSetting(path, value, context)));
        if (!set) return;
        expect(canonical(valueAt(set, path))).toBe(canonical(value));
        const back = attempt(() => patched(set, patchRemoving(path, set))) as JsonObject;
        expect(valueAt(back, path)).toBeUndefined();
        for (const key of Object.keys(context)) {
          if (key !== path[0]) expect(canonical(valueAt(set, [key]))).toBe(canonical(valueAt(context, [key])));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, Json, string]>([
    ['l.0', 1, 'l is an array, whose elements can only be changed by setting all of it.'],
    ['o.l.0.x', 1, 'o.l is an array, whose elements can only be changed by setting all of it.'],
    ['buffer.x', 1, 'buffer is no object, so there is no buffer.x.'],
    ['o.x', null, 'o.x cannot be null, which removes in a merge patch: remove it.'],
    ['o.x', { y: { z: null } }, 'o.x cannot have a member that is null, which removes in a merge patch.'],
  ])('refuses %s = %j', (path, value, message) => {
    const context = { l: [1], o: { l: [{}] }, buffer: '' };
    expect(() => patchSetting(parsePath(path), value, context)).toThrow(new BadPath(message));
  });

  it('refuses the empty path', () => expect(() => patchSetting([], {})).toThrow(BadPath));
});

describe('patchRemoving', () => {
  it('gives a patch that removes just that, and none where nothing is there', () => {
    expect(canonical(patchRemoving(['a', 'b']))).toBe('{"a":{"b":null}}');
    expect(canonical(patchRemoving(['__proto__'], parsed('{"__proto__": 1}')))).toBe('{"__proto__":null}');
    expect(patchRemoving(['a', 'b'], {})).toEqual({});
    expect(patchRemoving(['__proto__'], {})).toEqual({});
  });

  it('refuses elements of arrays, members of texts and the empty path', () => {
    const context = { l: [1], buffer: '' };
    expect(() => patchRemoving(['l', '0'], context)).toThrow('l is an array');
    expect(() => patchRemoving(['buffer', 'x'], context)).toThrow('buffer is no object');
    expect(() => patchRemoving([], context)).toThrow(BadPath);
  });
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(BadPath);
    return undefined;
  }
}
