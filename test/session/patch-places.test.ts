import { describe, expect, it } from '@jest/globals';
import { heldPlaces, patchPlaces } from '../../src/session/patch-places.js';

describe('the places of a patch', () => {
  it('are those of its values, of what it removes and of objects that it leaves as they are', () => {
    const patch = { buffer: 'text', preferences: { font: { size: 12 }, theme: null, list: [{ a: 1 }] }, empty: {} };
    expect(patchPlaces(patch)).toEqual([
      { path: ['buffer'], value: 'text' },
      { path: ['preferences', 'font', 'size'], value: 12 },
      { path: ['preferences', 'theme'], value: null },
      { path: ['preferences', 'list'], value: [{ a: 1 }] },
      { path: ['empty'], value: {} },
    ]);
    expect(patchPlaces({})).toEqual([]);
  });
});

describe('the places that are held', () => {
  const before = { buffer: 'one', preferences: { a: 1, b: 2 } };
  const patch = { preferences: { a: 3, b: null } };
  const whole = { path: [], isSet: false };
  const part = { path: ['preferences'], isSet: false };
  const values = [
    { path: ['preferences', 'a'], isSet: true },
    { path: ['preferences', 'b'], isSet: true },
  ];

  it('are the whole context and all on the way when nobody else changed anything', () => {
    expect(heldPlaces(patch, before, { buffer: 'one', preferences: { a: 3 } })).toEqual([whole, part, ...values]);
  });

  it('are not those inside of which somebody did', () => {
    expect(heldPlaces(patch, before, { buffer: 'two', preferences: { a: 3 } })).toEqual([part, ...values]);
    expect(heldPlaces(patch, before, { buffer: 'one', preferences: { a: 3, c: 4 } })).toEqual(values);
    expect(heldPlaces(patch, before, { buffer: 'one', preferences: { a: 9 } })).toEqual([values[1]]);
  });

  it('are what the patch sets when nobody knows what it was made from', () => {
    expect(heldPlaces(patch, undefined, { preferences: { a: 3 } })).toEqual(values);
    expect(heldPlaces({ empty: {} }, undefined, { empty: {} })).toEqual([]);
  });
});
