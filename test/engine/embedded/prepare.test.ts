/** Code that is compiled ahead means what it means without. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Engine } from '../../../src/engine/contract.js';
import { engineRig, errorOf, printOf, requestFor } from './engine-under-test.js';

const rig = engineRig();
let engine: Engine;
beforeAll(async () => {
  engine = await rig.start();
});

const names = async () => (await engine.bindings()).map(({ name }) => name);

describe('code that is prepared', () => {
  it('does not run', async () => {
    engine.prepare('ran := Smalltalk at: #Ran put: 1');
    expect(await names()).toEqual([]);
    expect(await printOf(engine, 'Smalltalk includesKey: #Ran')).toBe('false');
  });

  it('runs as it would have when it is evaluated, and so when it is evaluated again', async () => {
    engine.prepare('counted := 0. counted := counted + 1');
    expect(await printOf(engine, 'counted := 0. counted := counted + 1')).toBe('1');
    engine.prepare('counted := counted + 1');
    expect(await printOf(engine, 'counted := counted + 1')).toBe('2');
    expect(await printOf(engine, 'counted := counted + 1')).toBe('3');
  });

  it('has its bindings captured with the evaluation that makes them', async () => {
    engine.prepare('fresh := 5. Fresh := 6');
    const { capture } = await engine.evaluate(requestFor('fresh := 5. Fresh := 6'));
    expect([...(capture?.saved ?? [])].sort()).toEqual(['Fresh', 'fresh']);
  });

  it('is not said to have changed anything when other code runs instead', async () => {
    engine.prepare('instead := 1');
    const { capture } = await engine.evaluate(requestFor('3 + 4'));
    expect(capture).toBeUndefined();
    expect((await errorOf(engine, 'instead')).message).toContain('instead');
  });

  it('sees what was bound since', async () => {
    engine.prepare('later + 1');
    await printOf(engine, 'later := 4');
    expect(await printOf(engine, 'later + 1')).toBe('5');
  });

  it('says what is wrong with it when it is evaluated', async () => {
    engine.prepare('3 + + 4');
    expect(await errorOf(engine, '3 + + 4')).toMatchObject({ class: 'SyntaxError', line: 1, column: 5 });
  });

  it('is left alone where it is a file to be read in', async () => {
    const code = "Object subclass: #Prepared instanceVariableNames: '' package: 'P'!\n";
    engine.prepare(code);
    expect(await printOf(engine, 'Smalltalk includesKey: #Prepared')).toBe('false');
    await engine.evaluate(requestFor(code));
    expect(await printOf(engine, 'Smalltalk includesKey: #Prepared')).toBe('true');
  });
});
