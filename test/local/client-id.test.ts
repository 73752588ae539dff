import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { clientId } from '../../src/local/client-id.js';
import { LocalStateDamaged } from '../../src/local/errors.js';
import { bundle, Child } from './child-process.js';
import { temporaryDirectory } from './temporary.js';

describe('the client id', () => {
  it('stays the same for a home and differs between homes', () => {
    const data = join(temporaryDirectory(), 'data');
    const id = clientId({ data });
    expect(clientId({ data })).toBe(id);
    expect(clientId({ data: temporaryDirectory() })).not.toBe(id);
    expect(readdirSync(data)).toEqual(['client-id']);
  });

  it('is the same for all processes that make it at the same time', async () => {
    const data = join(temporaryDirectory(), 'data');
    const script = bundle('print-client-id');
    const children = Array.from({ length: 12 }, () => new Child(script, [data]));
    const ids = await Promise.all(children.map(async (child) => (await child.end()).lines[0]));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBe(clientId({ data }));
    expect(readdirSync(data)).toEqual(['client-id']);
  });

  it.each(['', 'x', '{}'])('is not made up anew when the file holds %j', (text) => {
    const data = temporaryDirectory();
    writeFileSync(join(data, 'client-id'), text);
    expect(() => clientId({ data })).toThrow(LocalStateDamaged);
    expect(readFileSync(join(data, 'client-id'), 'utf8')).toBe(text);
  });

  it('is not read from a directory', () => {
    const data = temporaryDirectory();
    mkdirSync(join(data, 'client-id'));
    expect(() => clientId({ data })).toThrow(join(data, 'client-id'));
  });
});
