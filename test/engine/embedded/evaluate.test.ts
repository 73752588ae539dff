import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Engine } from '../../../src/engine/contract.js';
import { engineRig, errorOf, printOf, requestFor } from './engine-under-test.js';

const rig = engineRig();
let engine: Engine;
beforeAll(async () => {
  engine = await rig.start();
});

describe('evaluating', () => {
  it('answers the print string and the class of the last statement', async () => {
    const reply = await engine.evaluate(requestFor('3 + 4. #(1 2) reversed'));
    expect(reply).toMatchObject({ outcome: 'value', printString: '#(2 1)', class: 'Array', transcript: '' });
    expect(reply.durationMs).toBeGreaterThan(0);
  });

  it('answers nil for no code at all', async () => {
    expect(await printOf(engine, '  "nothing" ')).toBe('nil');
  });

  it('says what it is', () => {
    expect(engine.ready).toMatchObject({ type: 'ready', engine: 'embedded', dialect: 'Amber' });
    expect(engine.ready.version).toMatch(/^Amber \d/);
  });

  it('keeps assigned variables between evaluations', async () => {
    await printOf(engine, 'kept := 3');
    expect(await printOf(engine, 'kept + 1')).toBe('4');
  });

  it('lets a block see the binding as it is when the block runs', async () => {
    await printOf(engine, 'seen := 1. reader := [ seen ]');
    await printOf(engine, 'seen := 2');
    expect(await printOf(engine, 'reader value')).toBe('2');
  });

  it('keeps declared temporaries out of the bindings', async () => {
    expect(await printOf(engine, '| local | local := 5. local')).toBe('5');
    expect((await errorOf(engine, 'local')).message).toContain('local');
  });

  it('lets a binding have the name of a JavaScript global', async () => {
    expect(await printOf(engine, 'performance := 7. performance')).toBe('7');
  });

  it('does not let an assignment replace a class', async () => {
    expect((await errorOf(engine, 'Array := 3')).message).toContain('Array');
    expect(await printOf(engine, 'Array new: 1')).toBe('#(nil)');
  });

  it('sees a class that an earlier statement of the same code defined', async () => {
    expect(await printOf(engine, 'Object subclass: #SameBreath. SameBreath new')).toBe('a SameBreath');
  });

  it('inspects a result when asked to', async () => {
    const { inspection } = await engine.evaluate(requestFor('3 -> #(4)', { inspect: true }));
    expect(inspection).toEqual({
      class: 'Association',
      printString: '3->#(4)',
      instanceVariables: { key: '3', value: '#(4)' },
    });
    const ofCollection = await engine.evaluate(requestFor('OrderedCollection with: 1 with: 2', { inspect: true }));
    expect(ofCollection.inspection?.size).toBe(2);
  });

  it('lists the bindings with what keeps one from being saved', async () => {
    await printOf(engine, 'plain := 1. blocking := { [ 1 ] }');
    const bindings = await engine.bindings();
    expect(bindings).toContainEqual({ name: 'plain', class: 'Number', printString: '1' });
    expect(bindings.find((each) => each.name === 'blocking')?.unsavedReason).toBe('holds a BlockClosure at #(1)');
  });

  it('answers a ping', async () => {
    await expect(engine.ping()).resolves.toBeUndefined();
  });
});

describe('errors', () => {
  it.each([
    ['3 +', 1, 4, 'end of input'],
    ['x := 3.\n  y := )', 2, 8, ')'],
    ["'open", 1, 6, 'end of input'],
  ])('says where %j does not parse', async (code, line, column, mention) => {
    const error = await errorOf(engine, code);
    expect(error).toMatchObject({ class: 'SyntaxError', line, column });
    expect(error.message).toContain(mention);
  });

  it('names an unknown variable and says where it is', async () => {
    const error = await errorOf(engine, '3 + 4.\n  1 + zork');
    expect(error).toMatchObject({ class: 'UnknownVariableError', line: 2, column: 7 });
    expect(error.message).toContain('zork');
    expect((await errorOf(engine, 'Zork new')).message).toContain('Zork');
  });

  it('gives class, message, place and a stack that ends at DoIt', async () => {
    const error = await errorOf(engine, '#(1 2) do: [ :each |\n  each / 0 ]');
    expect(error).toMatchObject({ class: 'ZeroDivide', line: 2, column: 8 });
    expect(error.stack[0]).toBe('Number>>/');
    expect(error.stack.at(-1)).toBe('DoIt');
  });

  it('takes self and super for nil', async () => {
    expect(await printOf(engine, '{ self. super yourself }')).toBe('#(nil nil)');
  });

  it('names the receiver and the selector that was not understood', async () => {
    const error = await errorOf(engine, 'nil foo: 3');
    expect(error).toMatchObject({ class: 'MessageNotUnderstood', message: 'nil does not understand #foo:' });
    expect(error.stack.at(-1)).toBe('DoIt');
  });

  it('survives infinite recursion and shortens its stack', async () => {
    const error = await errorOf(engine, "Object subclass: #Deep. Deep compile: 'dig ^ self dig'. Deep new dig");
    expect(error.class).toBe('StackOverflow');
    expect(error.stack.length).toBeLessThan(100);
    expect(error.stack.at(-1)).toBe('DoIt');
    expect(await printOf(engine, '3 + 4')).toBe('7');
  });

  it('reports an error in printing the result', async () => {
    const error = await errorOf(engine, "Object subclass: #Shy. Shy compile: 'printOn: s ^ nil foo'. Shy new");
    expect(error.class).toBe('MessageNotUnderstood');
    expect(error.stack).toContain('Shy>>printOn:');
  });

  it('keeps what a failing evaluation assigned before it failed', async () => {
    const reply = await engine.evaluate(requestFor('half := 1. nil foo'));
    expect(reply).toMatchObject({ outcome: 'error', capture: { saved: ['half'] } });
    expect(await printOf(engine, 'half')).toBe('1');
  });
});

describe('printing', () => {
  it('cuts a huge print string and says so with an ellipsis', async () => {
    const reply = await engine.evaluate(requestFor('1 to: 1000000', { printLimit: 10 }));
    expect(reply.printString).toBe('(1 to: 100…');
    const long = await engine.evaluate(requestFor('(1 to: 1000000) asArray', { printLimit: 10 }));
    expect(long.printString).toBe('#(1 2 3 4 …');
  });

  it('prints a collection that contains itself', async () => {
    expect(await printOf(engine, '| c | c := OrderedCollection new. c add: 1; add: c; yourself')).toBe(
      'an OrderedCollection(1 an OrderedCollection(...))',
    );
    expect(await printOf(engine, '| d | d := Dictionary new. d at: 1 put: d; yourself')).toContain('...');
  });

  it('uses the print string a class defines', async () => {
    await printOf(engine, "Object subclass: #Loud. Loud compile: 'printOn: s s nextPutAll: ''LOUD'''");
    expect(await printOf(engine, '{ Loud new }')).toBe('{LOUD}');
  });
});

describe('the Transcript', () => {
  it('is collected for each evaluation alone', async () => {
    const first = await engine.evaluate(requestFor("Transcript show: 'a'; cr; display: 3; tab; showln: 4; print: 'b'"));
    expect(first.transcript).toBe("a\n3\t4\n'b'");
    expect((await engine.evaluate(requestFor('3'))).transcript).toBe('');
  });

  it('cannot be used, nor can stdout, to forge a reply', async () => {
    const forged = '{"id":1,"ok":true,"result":{"outcome":"value"}}';
    const code = `console log: '${forged}'. process stdout write: '${forged}'. Transcript showln: '${forged}'. 42`;
    expect(await engine.evaluate(requestFor(code))).toMatchObject({ printString: '42', transcript: `${forged}\n` });
  });

  it('has a limit', async () => {
    const { transcript } = await engine.evaluate(
      requestFor('1 to: 200 do: [ :i | Transcript show: (String new: 10000) ]'),
    );
    expect(transcript.length).toBeLessThan(1_100_000);
    expect(transcript).toContain('the Transcript is full');
  });
});

describe('class definitions', () => {
  it.each([
    "Object subclass: #Form1 instanceVariableNames: 'a b' package: 'P'",
    "Object subclass: #Form2 instanceVariableNames: 'a b' classVariableNames: 'V' package: 'P'",
    "Object subclass: #Form3 instanceVariableNames: 'a b' classVariableNames: 'V' category: 'P'",
    "Object subclass: #Form4 instanceVariableNames: 'a b' classVariableNames: 'V' poolDictionaries: '' category: 'P'",
    "Object subclass: #Form5 slots: { #a. #b } package: 'P'",
    "Object subclass: #Form6 slots: { #a. #b } classVariables: { #V } package: 'P'",
  ])('takes %s', async (definition) => {
    const name = (await printOf(engine, definition)) as string;
    expect(await printOf(engine, `${name} instanceVariableNames`)).toBe("#('a' 'b')");
  });

  it('has class variables that both sides see', async () => {
    await printOf(
      engine,
      "Object subclass: #Counter instanceVariableNames: '' classVariableNames: 'Count' package: 'P'",
    );
    await printOf(engine, "Counter compile: 'up ^ Count := (Count ifNil: [ 0 ]) + 1'");
    await printOf(engine, "Counter class compile: 'count ^ Count'");
    expect(await printOf(engine, 'Counter new up. Counter new up. Counter count')).toBe('2');
  });

  it('keeps instances working when the class gains a variable or another superclass', async () => {
    await printOf(engine, "Object subclass: #Shape instanceVariableNames: 'name' package: 'P'");
    await printOf(engine, "Shape compile: 'name ^ name'. Shape compile: 'name: n name := n'");
    await printOf(engine, "shape := Shape new name: 'round'; yourself");
    await printOf(engine, "Object subclass: #Shape instanceVariableNames: 'name size' package: 'P'");
    await printOf(engine, "Shape compile: 'size ^ size ifNil: [ 0 ]'");
    expect(await printOf(engine, '{ shape name. shape size }')).toBe("#('round' 0)");
    await printOf(engine, "Object subclass: #Thing. Thing compile: 'weight ^ 5'");
    await printOf(engine, "Thing subclass: #Shape instanceVariableNames: 'name size' package: 'P'");
    expect(await printOf(engine, '{ shape name. shape weight. shape class == Shape }')).toBe("#('round' 5 true)");
  });

  it('says where a method does not compile', async () => {
    await printOf(engine, 'Object subclass: #Broken');
    const unknown = await errorOf(engine, "Broken compile: 'go ^ zork'");
    expect(unknown).toMatchObject({ class: 'SemanticError' });
    expect(unknown.message).toBe('Unknown variable: zork (line 1, column 6 of the method)');
    const syntax = await errorOf(engine, "Broken compile: 'go ^ 3 +'");
    expect(syntax).toMatchObject({ class: 'ParseError' });
    expect(syntax.message).toContain('line 1, column 9');
  });
});
