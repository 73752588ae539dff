import { describe, expect, test } from '@jest/globals';

// Build scripts are plain JavaScript without declarations.
const { patch } = (await import('../../scripts/build/oclif-patches.mjs' as string)) as {
  patch(file: string, text: string): { text: string; deferred: number };
};

describe('patching oclif', () => {
  test.each(['index.js', 'config/plugin.js', 'logger.js', 'util/fs.js'])(
    'fails the build when %s no longer has what is replaced',
    (file) => {
      expect(() => patch(file, 'const other = 1;')).toThrow(`@oclif/core/lib/${file} no longer contains`);
    },
  );

  test('turns a require into one that is done at the first use, and only once', () => {
    const original =
      'const fs_1 = require("node:fs");\nexports.same = () => fs_1 === fs_1;\nexports.read = () => fs_1.marker;';
    const { text, deferred } = patch('any.js', original);
    expect(deferred).toBe(1);

    let loads = 0;
    const exports: { read?: () => unknown; same?: () => boolean } = {};
    const load = (): object => {
      loads += 1;
      return { marker: 42 };
    };
    new Function('exports', 'require', text)(exports, load);
    expect(loads).toBe(0);
    expect([exports.read?.(), exports.same?.(), loads]).toEqual([42, true, 1]);
  });

  test('keeps a class that is constructed through a module a class', () => {
    const original = 'const shape_1 = require("./shape");\nexports.make = () => new shape_1.Circle(3);';
    const exports: { make?: () => unknown } = {};
    class Circle {
      constructor(readonly radius: number) {}
    }
    new Function('exports', 'require', patch('any.js', original).text)(exports, () => ({ Circle }));
    expect(exports.make?.()).toEqual(new Circle(3));
  });
});
