import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Capture, Engine, EvaluateReply, RestoreReply } from '../../../src/engine/contract.js';
import { takeApart } from '../../../src/engine/embedded/child/state/parts.js';
import { AMPLE, engineRig, errorOf, printOf, requestFor } from './engine-under-test.js';

const rig = engineRig();
let engine: Engine;
const copies: Engine[] = [];
beforeEach(async () => {
  engine = await rig.start();
});
afterEach(async () => {
  await Promise.all([engine, ...copies.splice(0)].map((each) => each.stop()));
});

/** Another engine with the state that captures describe. */
async function restored(captures: readonly (Capture | undefined)[]): Promise<{ copy: Engine; reply: RestoreReply }> {
  const copy = await rig.start();
  copies.push(copy);
  const reply = await copy.restore(captures.filter((each) => each !== undefined).map((each) => each.data));
  return { copy, reply };
}

async function evaluate(code: string, options = {}): Promise<EvaluateReply> {
  return engine.evaluate(requestFor(code, options));
}

describe('capturing changes', () => {
  it('carries an assigned binding, and nothing when nothing changed', async () => {
    expect((await evaluate('x := 3')).capture).toMatchObject({
      kind: 'changes',
      saved: ['x'],
      unsaved: [],
      removed: [],
    });
    expect((await evaluate('x + 1')).capture).toBeUndefined();
    expect(await engine.capture('changes')).toBeUndefined();
  });

  it('notices a change inside a binding that was not assigned', async () => {
    await evaluate('list := OrderedCollection with: (Dictionary new)');
    const { capture } = await evaluate('list first at: 1 put: 2');
    expect(capture?.saved).toEqual(['list']);
  });

  it('names every binding that shares a changed object', async () => {
    await evaluate('a := OrderedCollection new. b := { a }. c := 1');
    expect((await evaluate('a add: 5')).capture?.saved.slice().sort()).toEqual(['a', 'b']);
  });

  it('carries only the objects that changed', async () => {
    await evaluate("big := (1 to: 1000) collect: [ :i | 'element', i printString ]. pair := { big. 1 }");
    const { capture } = await evaluate('pair at: 2 put: 3');
    expect(capture?.saved).toEqual(['pair']);
    expect(capture?.data).not.toContain('element500');
  });

  it('names a binding that was removed', async () => {
    const first = await evaluate('gone := 1. stays := 2');
    const second = await evaluate('Smalltalk removeKey: #gone');
    expect(second.capture?.removed).toEqual(['gone']);
    const { copy, reply } = await restored([first.capture, second.capture]);
    expect(reply.restored).toEqual(['stays']);
    expect((await errorOf(copy, 'gone')).class).toBe('UnknownVariableError');
  });

  it('captures after an error and after a timeout', async () => {
    expect((await evaluate('x := 1. nil foo')).capture?.saved).toEqual(['x']);
    const timedOut = await evaluate('y := 1. [ true ] whileTrue', { timeoutMs: 200 });
    expect(timedOut).toMatchObject({ outcome: 'interrupted', capture: { saved: ['y'] } });
  });

  it('defers what does not fit, by name, and includes it in the next capture', async () => {
    const tight = { maxBytes: 100, maxObjects: 100_000 };
    const deferred = await evaluate('big := String new: 1000. small := 1', { budget: tight });
    expect(deferred.capture).toBeUndefined();
    expect(deferred.deferred?.slice().sort()).toEqual(['big', 'small']);
    const next = await evaluate('other := 2');
    expect(next.capture?.saved.slice().sort()).toEqual(['big', 'other', 'small']);
  });

  it('defers with the assigned names when the walk itself is too long', async () => {
    const short = { maxBytes: 1_000_000, maxObjects: 50 };
    const { deferred, capture } = await evaluate('many := (1 to: 1000) asArray. one := 1', { budget: short });
    expect(capture).toBeUndefined();
    expect(deferred).toEqual(expect.arrayContaining(['many', 'one', '*']));
    expect((await engine.capture('changes'))?.saved.slice().sort()).toEqual(['many', 'one']);
  });

  it('says of a full capture everything, however often it is asked', async () => {
    await evaluate('x := 3. y := { x }');
    for (const _ of [1, 2]) expect((await engine.capture('full'))?.saved.slice().sort()).toEqual(['x', 'y']);
    expect(await engine.capture('changes')).toBeUndefined();
  });
});

describe('what cannot be saved', () => {
  it.each([
    ['[ 1 ]', 'is a BlockClosure'],
    ['{ 1. [ 2 ] }', 'holds a BlockClosure at #(2)'],
    ['Dictionary new at: #run put: [ 1 ]; yourself', 'holds a BlockClosure at #(#values 1)'],
    ['thisContext', 'is a MethodContext'],
    ["JSON parse: '{}'", 'is a JavaScript object'],
    ['Promise new', 'is a Promise'],
  ])('%s makes its binding unsaved, with the reason', async (code, reason) => {
    const { capture } = await evaluate(`bad := ${code}. good := 1`);
    expect(capture).toMatchObject({ saved: ['good'], unsaved: [{ name: 'bad', reason }] });
    expect(capture?.data).not.toContain('"bad":');
    const { copy, reply } = await restored([capture]);
    expect(reply.restored).toEqual(['good']);
    expect((await errorOf(copy, 'bad')).class).toBe('UnknownVariableError');
  });

  it.each([
    [
      'a long way',
      'x := [ 1 ]. 1 to: 3000 do: [:each | x := { x }]. x',
      'holds a BlockClosure at #(1 1 1 1 … 1 1 1 1), 3000 steps away',
    ],
    [
      'a way of few steps, all of it',
      'x := [ 1 ]. 8 timesRepeat: [x := { x }]. x',
      'holds a BlockClosure at #(1 1 1 1 1 1 1 1)',
    ],
  ])('tells %s to what is in the way in a few words', async (_, code, reason) => {
    const { capture } = await evaluate(code);
    expect(capture?.unsaved).toEqual([{ name: 'x', reason }]);
  });

  it('does not bring back the value a binding had before it became unsavable', async () => {
    const first = await evaluate('x := OrderedCollection with: 1');
    const second = await evaluate('x add: [ 1 ]');
    expect(second.capture?.unsaved).toEqual([{ name: 'x', reason: 'holds a BlockClosure at #(2)' }]);
    const { reply } = await restored([first.capture, second.capture]);
    expect(reply.restored).toEqual([]);
    const third = await evaluate('x removeLast');
    expect(third.capture?.saved).toEqual(['x']);
    const { copy } = await restored([first.capture, second.capture, third.capture]);
    expect(await printOf(copy, 'x')).toBe('an OrderedCollection(1)');
  });
});

describe('a binding that is to stay unsaved', () => {
  it('is named with the reason and is in no capture, until code that does not ask for it assigns it', async () => {
    const reply = await evaluate("count := 3. password := 'hunter2'", { leaveUnsaved: ['password'] });
    const reason = 'was given a secret, and is left unsaved as asked for';
    expect(reply.capture).toMatchObject({ saved: ['count'], unsaved: [{ name: 'password', reason }] });
    expect(await printOf(engine, 'password')).toBe("'hunter2'");
    const full = await engine.capture('full');
    expect(full).toMatchObject({ saved: ['count'], unsaved: [{ name: 'password', reason }] });
    expect(`${reply.capture?.data}${full?.data}`).not.toContain('hunter2');
    expect((await engine.bindings()).find(({ name }) => name === 'password')).toMatchObject({ unsavedReason: reason });
    expect((await evaluate('password := nil')).capture?.saved).toEqual(['password']);
  });
});

describe('what no engine could load', () => {
  it('is unsaved by name when it is captured, costs no other binding, and is saved again once it is smaller', async () => {
    await evaluate("small := { 1 }. huge := String new: 33000000 withAll: $x. list := { 'a'. huge }");
    const full = await engine.capture('full');
    const reason = 'more than is left of the 11 MB that an engine can load';
    expect(full).toMatchObject({
      saved: ['small'],
      unsaved: [
        { name: 'huge', reason: `is ${reason}` },
        { name: 'list', reason: `holds ${reason}` },
      ],
    });
    const smaller = await evaluate("huge := 'now small'. list at: 2 put: huge");
    expect(smaller.capture?.saved.slice().sort()).toEqual(['huge', 'list']);
    const { copy, reply } = await restored([full, smaller.capture]);
    expect(reply.restored.slice().sort()).toEqual(['huge', 'list', 'small']);
    expect(await printOf(copy, '{ small. huge. list }')).toBe("#(#(1) 'now small' #('a' 'now small'))");
  });

  it('is not called too large by itself where others that were met first left too little for it', async () => {
    await evaluate('first := String new: 8000000 withAll: $x. second := String new: 4000000 withAll: $y');
    expect(await engine.capture('full')).toMatchObject({
      saved: ['first'],
      unsaved: [{ name: 'second', reason: 'is more than is left of the 11 MB that an engine can load' }],
    });
  });

  it('can be taken out of captures, also of earlier versions: the rest has its classes and all that it reaches', async () => {
    const first = await evaluate('Object subclass: #Held slots: {#part}. huge := String new: 100. shared := { 1 }');
    const second = await evaluate('small := { shared. Held new }. late := Set with: nil');
    const { names, of } = takeApart([first, second].map(({ capture }) => (capture as Capture).data));
    expect(names.slice().sort()).toEqual(['huge', 'late', 'shared', 'small']);
    expect(names.at(-1)).toBe('huge');
    const copy = await rig.start();
    copies.push(copy);
    const reply = await copy.restore([of(['small', 'late'])]);
    expect(reply).toMatchObject({ failed: [], classes: ['Held'] });
    expect(reply.restored.slice().sort()).toEqual(['late', 'small']);
    expect(await printOf(copy, '{ small. late includes: nil }')).toBe('{{#(1). a Held}. true}');
  });
});

describe('restoring', () => {
  it('brings back values of every kind, printing as before', async () => {
    const values = [
      '3',
      '-0.5',
      '100 factorial',
      '(1/3)',
      '2 raisedTo: 53',
      "'it''s ünïcode 😀'",
      '#symbol',
      '#with:with:',
      '$a',
      'nil',
      'true',
      "#(1 $a 'b' #c #(nil))",
      'OrderedCollection with: 1 with: 2',
      '#(3 1 2) asSortedCollection',
      'Set new add: 3; add: #x; add: 1/2; add: $c; yourself',
      'Bag new add: 1; add: 1; yourself',
      "Dictionary new at: #a put: 1; at: 'b' put: 2; at: 3 put: $d; yourself",
      "#{'key' -> 1}",
      '3 -> 4',
      '3 @ 4',
      '1 to: 10 by: 2',
      'Date fromMilliseconds: 0',
      'Number',
      'Number class',
      'Smalltalk',
      'ReadStream on: #(1 2 3)',
      "'abc' asRegexp",
    ];
    const code = values.map((value, index) => `v${index} := ${value}.`).join('\n');
    const { capture, outcome } = await evaluate(code);
    expect(outcome).toBe('value');
    expect(capture?.unsaved).toEqual([]);
    const { copy, reply } = await restored([capture]);
    expect(reply.failed).toEqual([]);
    for (const index of values.keys()) {
      const print = `{ v${index}. v${index} class }`;
      expect([values[index], await printOf(copy, print)]).toEqual([values[index], await printOf(engine, print)]);
    }
    expect(await printOf(copy, 'v20 first')).toBe('1');
    expect(await printOf(copy, 'v25 next; next')).toBe('2');
    expect(await printOf(copy, 'v14 includes: 1/2')).toBe('true');
  });

  it('keeps identity and cycles within and across bindings', async () => {
    const first = await evaluate('ring := Array new: 2. ring at: 1 put: ring; at: 2 put: 5. shared := { ring }');
    const second = await evaluate('other := { shared. ring }');
    const { copy } = await restored([first.capture, second.capture]);
    expect(await printOf(copy, '(ring at: 1) == ring')).toBe('true');
    expect(await printOf(copy, '(other at: 2) == ring and: [ (other at: 1) first == ring ]')).toBe('true');
    await printOf(copy, 'ring at: 2 put: 6');
    expect(await printOf(copy, 'shared first at: 2')).toBe('6');
  });

  it('goes on capturing changes on top of what it restored', async () => {
    const first = await evaluate('list := OrderedCollection with: 1');
    const { copy } = await restored([first.capture]);
    expect(await copy.capture('changes')).toBeUndefined();
    const second = await copy.evaluate(requestFor('list add: 2'));
    expect(second.capture?.saved).toEqual(['list']);
    const again = await restored([first.capture, second.capture]);
    expect(await printOf(again.copy, 'list')).toBe('an OrderedCollection(1 2)');
  });

  it('brings back classes with methods on both sides, comments, variables and extensions', async () => {
    const first =
      await evaluate(`Object subclass: #Animal instanceVariableNames: 'name' classVariableNames: 'Zoo' package: 'P'!
!Animal commentStamp!
I live!
!Animal methodsFor: 'x'!
name ^ name!
name: n name := n!
register ^ Zoo := (Zoo ifNil: [ OrderedCollection new ]) add: self; yourself! !
!Animal class methodsFor: 'x'!
zoo ^ Zoo!
count ^ count!
count: n count := n! !
Animal class instanceVariableNames: 'count'!
Animal class compile: 'count ^ count'. Animal class compile: 'count: n count := n'!
Animal subclass: #Dog instanceVariableNames: '' package: 'P'!
!Dog methodsFor: 'x'!
name ^ super name, '!!'! !
!Number methodsFor: 'x'!
double ^ self * 2! !
rex := Dog new name: 'Rex'; yourself. rex register. Animal count: 7!`);
    expect(first.outcome).toBe('error');
    const fixed =
      await evaluate(`Object subclass: #Animal instanceVariableNames: 'name' classVariableNames: 'Zoo' package: 'P'!
Animal class instanceVariableNames: 'count'!
!Animal class methodsFor: 'x'!
zoo ^ Zoo!
count ^ count!
count: n count := n! !
Animal subclass: #Dog instanceVariableNames: '' package: 'P'!
!Dog methodsFor: 'x'!
name ^ super name, '!!'! !
!Number methodsFor: 'x'!
double ^ self * 2! !
rex := Dog new name: 'Rex'; yourself. rex register. Animal count: 7!`);
    expect(fixed.error).toBeUndefined();
    const { copy, reply } = await restored([first.capture, fixed.capture]);
    expect(reply.failed).toEqual([]);
    expect(reply.classes.slice().sort()).toEqual(['Animal', 'Dog', 'Number']);
    expect(await printOf(copy, 'rex name')).toBe("'Rex!'");
    expect(await printOf(copy, '{ 21 double. Animal count. Animal zoo first == rex. Animal comment }')).toBe(
      "#(42 7 true 'I live')",
    );
  });

  it('brings back a class as it is after its superclass changed', async () => {
    const first = await evaluate(
      "Object subclass: #Base. Object subclass: #Leaf. Base compile: 'kind ^ #base'. leaf := Leaf new",
    );
    const second = await evaluate('Base subclass: #Leaf');
    expect(second.capture?.classes).toContain('Leaf');
    const { copy, reply } = await restored([first.capture, second.capture]);
    expect(reply.failed).toEqual([]);
    expect(await printOf(copy, '{ leaf kind. Leaf superclass }')).toBe('{#base. Base}');
  });

  it('carries only the class that changed', async () => {
    await evaluate("Object subclass: #One. One compile: 'a ^ 1'. Object subclass: #Two. Two compile: 'b ^ 2'");
    expect((await evaluate("Two compile: 'b ^ 3'")).capture?.classes).toEqual(['Two']);
    expect((await evaluate('Two new b')).capture).toBeUndefined();
  });

  it('forgets a class and a method that were removed', async () => {
    const first = await evaluate("Object subclass: #Brief. Number compile: 'triple ^ self * 3'");
    const second = await evaluate("Smalltalk removeClass: Brief. Number removeSelector: 'triple'");
    const { copy, reply } = await restored([first.capture, second.capture]);
    expect(reply.classes).toEqual([]);
    expect((await errorOf(copy, 'Brief new')).message).toContain('Brief');
    expect((await errorOf(copy, '3 triple')).class).toBe('MessageNotUnderstood');
  });

  it("runs none of the session's code", async () => {
    const { capture } = await evaluate(`Object subclass: #Bomb instanceVariableNames: 'fuse' package: 'P'.
      Bomb compile: 'initialize Smalltalk at: #exploded put: true'.
      Bomb compile: '= other Smalltalk at: #exploded put: true. ^ false'.
      Bomb class compile: 'initialize Smalltalk at: #exploded put: true'.
      bombs := Set new. a := Bomb basicNew. bombs add: a; add: Bomb basicNew. kept := { a }.
      Smalltalk removeKey: #exploded ifAbsent: []`);
    const { copy, reply } = await restored([capture]);
    expect(reply.failed).toEqual([]);
    expect(await printOf(copy, '{ bombs size. Smalltalk includesKey: #exploded }')).toBe('#(2 false)');
  });

  it('says which binding a missing class takes with it', async () => {
    const { capture } = await evaluate('Object subclass: #Needed. needs := { Needed new }. free := 1');
    const data = JSON.parse((capture as Capture).data);
    const copy = await rig.start();
    copies.push(copy);
    const reply = await copy.restore([JSON.stringify({ ...data, classes: [] })]);
    expect(reply.restored).toEqual(['free']);
    expect(reply.failed).toEqual([{ name: 'needs', reason: 'needs the class Needed, which is missing' }]);
  });

  it('restores a list of fifty thousand links', async () => {
    await evaluate('list := nil. 1 to: 50000 do: [ :i | list := i -> list ]', {
      budget: { maxBytes: 1, maxObjects: 1 },
    });
    const { copy } = await restored([await engine.capture('full')]);
    expect(await printOf(copy, '{ list key. list value key }')).toBe('#(50000 49999)');
  });

  it('carries captures of twenty megabytes, with their characters whole', async () => {
    const large = await rig.start({ memoryMb: 512 });
    copies.push(large);
    await large.evaluate(
      requestFor("text := (String new: 20000000 withAll: $x), 'ünïcode 😀'", {
        budget: { maxBytes: 1, maxObjects: 1 },
      }),
    );
    const capture = await large.capture('full');
    const copy = await rig.start({ memoryMb: 512 });
    copies.push(copy);
    await copy.restore([(capture as Capture).data]);
    expect(await printOf(copy, '{ text size. text last: 10 }')).toBe("#(20000010 'ünïcode 😀')");
  });
});

describe('any graph of objects', () => {
  /** Objects as nodes that refer to each other by index, in one of the shapes that hold references. */
  const node = fc.record({
    shape: fc.constantFrom('Array', 'OrderedCollection', 'Dictionary', 'Association'),
    refs: fc.array(fc.nat(11), { minLength: 2, maxLength: 3 }),
    leaf: fc.constantFrom('1', '$x', '#sym', "'text'", '1/2', '2 raisedTo: 70', 'nil'),
  });

  /** Smalltalk that builds the graph in `nodes`. */
  function builder(graph: readonly { shape: string; refs: readonly number[]; leaf: string }[]): string {
    const make: Record<string, string> = {
      Array: 'Array new: 4',
      OrderedCollection: 'OrderedCollection new',
      Dictionary: 'Dictionary new',
      Association: 'nil -> nil',
    };
    const at = (ref: number): string => `(nodes at: ${(ref % graph.length) + 1})`;
    const lines = graph.map(({ shape }, index) => `nodes at: ${index + 1} put: (${make[shape]})`);
    graph.forEach(({ shape, refs, leaf }, index) => {
      const self = at(index);
      if (shape === 'Association') lines.push(`${self} key: ${at(refs[0] as number)}; value: (${leaf})`);
      else if (shape === 'OrderedCollection') {
        lines.push(`${self} add: (${leaf})`, ...refs.map((ref) => `${self} add: ${at(ref)}`));
      } else {
        lines.push(`${self} at: 1 put: (${leaf})`, ...refs.map((ref, i) => `${self} at: ${i + 2} put: ${at(ref)}`));
      }
    });
    return `nodes := Array new: ${graph.length}. ${lines.join('. ')}`;
  }

  /** For every reference in the graph, the index of the node it leads to: equal answers mean equal sharing. */
  const SHAPE_OF_GRAPH = `nodes collect: [ :each | | refs |
    refs := each class = Association ifTrue: [ { each key. each value } ] ifFalse: [
      each class = Dictionary ifTrue: [ each values ] ifFalse: [ each asArray ] ].
    refs collect: [ :ref | | index |
      index := 0.
      1 to: nodes size do: [ :i | (nodes at: i) == ref ifTrue: [ index := i ] ].
      index = 0 ifTrue: [ ref printString ] ifFalse: [ index ] ] ]`;

  it('comes back with the same values and the same sharing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(node, { minLength: 1, maxLength: 12 }), async (graph) => {
        const { outcome, capture } = await evaluate(builder(graph));
        expect(outcome).toBe('value');
        const full = await engine.capture('full');
        const copy = await rig.start();
        try {
          await copy.restore([(full as Capture).data]);
          expect(await printOf(copy, SHAPE_OF_GRAPH)).toBe(await printOf(engine, SHAPE_OF_GRAPH));
        } finally {
          await copy.stop();
        }
        expect(capture?.saved).toEqual(['nodes']);
      }),
      { numRuns: 15 },
    );
  });

  it('comes back from changes on changes as it does from one full capture', async () => {
    const step = fc.constantFrom(
      'a := OrderedCollection new',
      'a := OrderedCollection with: 1',
      'b := { 1. 2 }',
      'a add: b',
      'b at: 1 put: a',
      'c := a -> b',
      'a := 3',
      'a := [ 1 ]',
      'b at: 2 put: [ 2 ]',
      'Smalltalk removeKey: #b ifAbsent: []',
      'nil foo',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const session = await rig.start();
        const [fromChanges, fromFull] = [await rig.start(), await rig.start()];
        try {
          const first = await session.capture('full');
          const captures = [(first as Capture).data];
          for (const each of steps) {
            const reply = await session.evaluate(requestFor(each, { budget: AMPLE }));
            if (reply.capture !== undefined) captures.push(reply.capture.data);
          }
          const one = await fromChanges.restore(captures);
          const other = await fromFull.restore([((await session.capture('full')) as Capture).data]);
          expect(one.restored.slice().sort()).toEqual(other.restored.slice().sort());
          for (const name of one.restored) {
            expect(await printOf(fromChanges, name)).toBe(await printOf(session, name));
            expect(await printOf(fromFull, name)).toBe(await printOf(session, name));
          }
        } finally {
          await Promise.all([session, fromChanges, fromFull].map((each) => each.stop()));
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('what was restored', () => {
  const ATOMS = [
    'nil',
    'true',
    'false',
    '0',
    '-3',
    '1.5',
    '0.0 negated',
    'Float nan',
    'Float infinity',
    '1/3',
    '2 raisedTo: 70',
    '(2 raisedTo: 53) + 1',
    "'text'",
    "''",
    '#text',
    '#with:with:',
    '$t',
    'Number',
    'Date fromMilliseconds: 5',
    '(1 to: 3)',
    'nil -> nil',
    'Object new',
  ];
  const LISTS = ['Set', 'Bag', 'OrderedCollection', 'IdentitySet'];
  const value: fc.Arbitrary<string> = fc.letrec<{ value: string; list: string; dictionary: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...ATOMS),
      tie('list'),
      tie('dictionary'),
    ),
    list: fc
      .tuple(fc.constantFrom(...LISTS), fc.array(tie('value'), { maxLength: 4 }))
      .map(([kind, elements]) => `(${kind} new ${elements.map((each) => `add: (${each}); `).join('')}yourself)`),
    dictionary: fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map(
        (pairs) => `(Dictionary new ${pairs.map(([key, each]) => `at: (${key}) put: (${each}); `).join('')}yourself)`,
      ),
  })).value;
  /** Asked of x; those behind the first line change it. */
  const BATTERY = [
    'x',
    'x class',
    'x = x copy',
    'x isCollection and: [ x includes: nil ]',
    ...ATOMS.slice(0, -1).map((each) => `x isCollection and: [ x includes: (${each}) ]`),
    'x isCollection ifTrue: [ x asArray ]',
    'x isCollection ifTrue: [ x size ]',
    'x isDictionary ifTrue: [ { x keys. x values. x at: nil ifAbsent: [ #none ] } ]',
    '(x isKindOf: Bag) ifTrue: [ x occurrencesOf: nil ]',
    '(x isKindOf: Set) ifTrue: [ x add: nil; add: 1/3; add: (2 raisedTo: 70); size ]',
    '(x isKindOf: Set) ifTrue: [ x remove: nil; remove: 1/3; size ]',
    'x isDictionary ifTrue: [ x at: nil put: 7; size ]',
    'x isCollection ifTrue: [ { x size. x includes: nil. x } ]',
  ];

  it('answers every message as it did before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 10, maxLength: 20 }), async (values) => {
        const session = await rig.start();
        copies.push(session);
        for (const [index, each] of values.entries()) await session.evaluate(requestFor(`x${index} := ${each}`));
        const { copy, reply } = await restored([await session.capture('full')]);
        expect(reply.failed).toEqual([]);
        const answers = async (of: Engine) => {
          await of.evaluate(requestFor(`ask := [ :x | { ${BATTERY.map((each) => `[ ${each} ]`).join('. ')} } ]`));
          const given: string[] = [];
          for (const index of values.keys()) {
            const asked = `((ask value: x${index}) collect: [ :each | each on: Error do: [ :ex | ex description ] ]) printString`;
            const { printString, error } = await of.evaluate(requestFor(asked, { printLimit: 100_000 }));
            given.push(`${values[index]} => ${printString ?? error?.message}`);
          }
          return given;
        };
        expect(await answers(copy)).toEqual(await answers(session));
      }),
      { numRuns: 3 },
    );
  });

  it('is a set with nil that knows it holds nil, also from a capture of an earlier version', async () => {
    const earlier =
      '{"version":1,"kind":"full","roots":{"x":{"o":1}},"dropped":[],' +
      '"objects":{"1":{"c":"Set","e":[null,3]}},"classes":[],"droppedClasses":[]}';
    await engine.restore([earlier]);
    expect(
      await printOf(engine, '{ x includes: nil. (x add: nil; yourself) size. (x remove: nil; yourself) size }'),
    ).toBe('#(true 2 1)');
  });

  it('keeps a set that holds itself, and one whose elements changed since', async () => {
    await evaluate('ring := Set new. ring add: ring; add: nil. inner := { 1 }. outer := Set with: inner');
    await evaluate('inner at: 1 put: 5');
    const { copy } = await restored([await engine.capture('full')]);
    expect(await printOf(copy, '{ ring size. ring asArray last == ring. outer anyOne == inner. outer anyOne }')).toBe(
      await printOf(engine, '{ ring size. ring asArray last == ring. outer anyOne == inner. outer anyOne }'),
    );
    expect(await printOf(copy, 'outer anyOne == inner')).toBe('true');
  });

  it("runs no code of a set's class", async () => {
    await evaluate(`Set subclass: #Trap slots: {}. trap := Trap new add: nil; add: 2; yourself.
      Trap compile: 'removeAll Smalltalk at: #sprung put: true'.
      Trap compile: 'initializeSlowBucketStores Smalltalk at: #sprung put: true'.
      Trap compile: 'add: x in: y Smalltalk at: #sprung put: true'`);
    const { copy, reply } = await restored([await engine.capture('full')]);
    expect(reply.failed).toEqual([]);
    expect(await printOf(copy, '{ trap size. trap includes: nil. Smalltalk includesKey: #sprung }')).toBe(
      '#(2 true false)',
    );
  });

  it.each(['Date', 'RegularExpression', 'Number', 'Boolean', 'LargeInteger', 'Array'])(
    'may be an instance of a subclass of %s, which breaks no capture',
    async (superclass) => {
      await evaluate(`${superclass} subclass: #Odd slots: {}. odd := Odd basicNew. other := 1`);
      const { copy, reply } = await restored([await engine.capture('full')]);
      expect(reply.failed).toEqual([]);
      expect(await printOf(copy, '{ odd class. other }')).toBe('{Odd. 1}');
    },
  );
});
