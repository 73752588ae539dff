import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Engine } from '../../../src/engine/contract.js';
import { fileOffset, isChunkFormat, parseChunks } from '../../../src/engine/embedded/child/chunks.js';
import { engineRig, errorOf, printOf, requestFor } from './engine-under-test.js';

const rig = engineRig();
let engine: Engine;
beforeAll(async () => {
  engine = await rig.start();
});

const ACCOUNT = `"A file as another Smalltalk writes it"
Object subclass: #Account
  instanceVariableNames: 'balance'
  classVariableNames: ''
  package: 'Bank'!

!Account commentStamp: 'someone 1/1/2020' prior: 0!
I don't lend; I keep what I'm given. Wow!!!

!Account methodsFor: 'accessing' stamp: 'x'!
balance
  "Doesn't answer nil"
  ^ balance ifNil: [ 0 ]!

deposit: amount
  amount < 0 ifTrue: [ ^ self error: 'No!! Never!' ].
  balance := self balance + amount! !

!Account class methodsFor: 'instance creation'!
with: amount ^ self new deposit: amount; yourself! !

account := Account with: 5!
account balance + 1!
`;

describe('filing in', () => {
  it('defines classes, comments and methods on both sides and answers the last do-it', async () => {
    expect(await printOf(engine, ACCOUNT)).toBe('6');
    expect(await printOf(engine, 'Account comment')).toBe("'I don''t lend; I keep what I''m given. Wow!'");
    expect((await errorOf(engine, 'account deposit: -1')).message).toBe('No! Never!');
    expect(await printOf(engine, "(Account methodAt: 'balance') protocol")).toBe("'accessing'");
  });

  it('leaves a ! inside strings, comments and characters to ordinary code', async () => {
    expect(await printOf(engine, '\'Hello!\' size "wow!"')).toBe('6');
    expect(await printOf(engine, '$! asInteger')).toBe('33');
  });

  it('gives the position of an error in the whole file, and what was applied', async () => {
    const error = await errorOf(engine, "first := 1!\n\nsecond := 'a!!b'.\n  second zork!\nthird := 3!");
    expect(error).toMatchObject({ class: 'MessageNotUnderstood', line: 4, column: 10 });
    expect(error.message).toContain('chunk 2 of 3; 1 chunk before it was applied');
    expect(await printOf(engine, 'first')).toBe('1');
    expect((await errorOf(engine, 'third')).class).toBe('UnknownVariableError');
  });

  it('says where a method of a file does not compile', async () => {
    const error = await errorOf(engine, "Object subclass: #Half!\n!Half methodsFor: 'x'!\ngood ^ 1!\nbad\n  ^ zork! !");
    expect(error).toMatchObject({ class: 'UnknownVariableError', line: 5, column: 5 });
    const syntax = await errorOf(engine, "!Half methodsFor: 'x'!\nbad\n  ^ 3 + ! !");
    expect(syntax).toMatchObject({ class: 'SyntaxError', line: 3 });
    expect(syntax.message).toContain('nothing was applied');
  });

  it('names a class that is missing', async () => {
    expect((await errorOf(engine, "!Nowhere methodsFor: 'x'!\na ^ 1! !")).message).toContain('Nowhere');
  });

  it('captures what it defined', async () => {
    const reply = await engine.evaluate(requestFor('Object subclass: #Captured! captured := 1!'));
    expect(reply.capture).toMatchObject({ classes: ['Captured'], saved: ['captured'] });
  });
});

describe('the chunk format', () => {
  it('is told from ordinary code by a ! of its own', () => {
    expect(isChunkFormat("Transcript show: 'Hi!'")).toBe(false);
    expect(isChunkFormat('"!" $! foo')).toBe(false);
    expect(isChunkFormat('3 + 4!')).toBe(true);
  });

  it('gives back do-its whatever they hold, with their places', () => {
    const code = fc.array(fc.constantFrom('3 + 4', "'a!b'", "'it''s'", '"so! so"', '$!', 'x := 1'), { minLength: 1 });
    fc.assert(
      fc.property(code, (doIts) => {
        const file = doIts.map((each) => `${each}!\n`).join('');
        const parts = parseChunks(file);
        expect(parts.map((each) => each.text)).toEqual(doIts);
        for (const part of parts) expect(file.startsWith(part.raw, part.start)).toBe(true);
      }),
    );
  });

  it('counts a doubled ! once in the text and twice in the file', () => {
    const [part] = parseChunks('  a!!b c!');
    expect(part).toMatchObject({ kind: 'doIt', text: 'a!b c' });
    expect(fileOffset(part as NonNullable<typeof part>, 4)).toBe(7);
  });
});
