import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Engine } from '../../../src/engine/contract.js';
import { engineRig, errorOf, printOf, requestFor } from './engine-under-test.js';

const rig = engineRig();
let engine: Engine;
beforeAll(async () => {
  engine = await rig.start();
});

/** Code and its print string. */
const EXAMPLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'integers are exact at any size': [
    ['30 factorial', '265252859812191058636308480000000'],
    ['(30 factorial) class', 'LargeInteger'],
    ['30 factorial / 28 factorial', '870'],
    ['(2 raisedTo: 100) - (2 raisedTo: 100) + 1', '1'],
    ['9007199254740991 + 2', '9007199254740993'],
    ['9007199254740993 - 2 = 9007199254740991', 'true'],
    ['(2 raisedTo: 64) negated', '-18446744073709551616'],
    ['123456789012345678901234567890 \\\\ 97', String(123456789012345678901234567890n % 97n)],
    ['(2 raisedTo: 70) > (2 raisedTo: 69)', 'true'],
    ['(2 raisedTo: 70) // 3', '393530540239137101141'],
    ['1e20', '100000000000000000000'],
    ['7 // -2', '-4'],
    ['-7 \\\\ 2', '1'],
    ['-7 quo: 2', '-3'],
    ['-7 rem: 2', '-1'],
    ['12 gcd: 18', '6'],
    ['4 lcm: 6', '12'],
    ['(2 raisedTo: 89) - 1 gcd: 7', '1'],
    ['97 isPrime', 'true'],
    ['(1 bitShift: 70) bitAnd: (1 bitShift: 70)', '1180591620717411303424'],
    ['5 bitXor: 1', '4'],
    ['2 raisedTo: 10 mod: 1000', '24'],
    ['144 sqrt', '12'],
    ['255 printString: 16', "'FF'"],
    ['255 printStringRadix: 2', "'2r11111111'"],
    ["'123456789012345678901' asNumber + 1", '123456789012345678902'],
    ['3 max: 9', '9'],
    ['1000000000000 * 1000000000000', '1000000000000000000000000'],
  ],
  'fractions are exact': [
    ['1/3', '(1/3)'],
    ['(1/3) + (2/3)', '1'],
    ['(1/2) * 4', '2'],
    ['(3/4) class', 'Fraction'],
    ['(6/4) numerator', '3'],
    ['(6/4) denominator', '2'],
    ['1/2 = (2/4)', 'true'],
    ['(1/3) < 0.5', 'true'],
    ['(1/2) asFloat', '0.5'],
    ['(7/2) rounded', '4'],
    ['(7/2) truncated', '3'],
    ['(-7/2) floor', '-4'],
    ['(2/3) raisedTo: 2', '(4/9)'],
    ['3 / 4 + 0.25', '1'],
  ],
  'floats round as usual': [
    ['3.7 rounded', '4'],
    ['-3.7 truncated', '-3'],
    ['3.2 ceiling', '4'],
    ['0.1 + 0.2', '0.30000000000000004'],
    ['2 sqrt', String(Math.SQRT2)],
    ['1.5e300 * 1.5e300', 'inf'],
  ],
  'characters are objects of their own': [
    ['$a', '$a'],
    ['$a class', 'Character'],
    ['$a asInteger', '97'],
    ['$a value', '97'],
    ['$a isVowel', 'true'],
    ['$b asUppercase', '$B'],
    ['Character value: 97', '$a'],
    ['(Character value: 97) == $a', 'true'],
    ['$a < $b', 'true'],
    ["$a = 'a'", 'false'],
    ["'abc' first", '$a'],
    ["'abc' at: 2", '$b'],
    ["'abc' last", '$c'],
    ['$5 digitValue', '5'],
    ['Character space', 'Character space'],
    ['$a asString', "'a'"],
    ['$a asSymbol', '#a'],
  ],
  'symbols are unique and print with #': [
    ['#foo', '#foo'],
    ['#foo class', 'Symbol'],
    ["#foo == 'foo' asSymbol", 'true'],
    ["#foo = 'foo'", 'true'],
    ['#with:with: numArgs', '2'],
    ['#foo asString', "'foo'"],
    ['#(3 1 2) collect: #squared', '#(9 1 4)'],
    ['3 perform: #+ with: 4', '7'],
    ["#'hello world'", "#'hello world'"],
  ],
  'strings hold characters': [
    ["'it''s'", "'it''s'"],
    ["'hello' reversed", "'olleh'"],
    ["'hello' asUppercase", "'HELLO'"],
    ["'hello' select: [ :c | c isVowel ]", "'eo'"],
    ["'abc' collect: [ :c | c asUppercase ]", "'ABC'"],
    ["'hello world' includesSubstring: 'o w'", 'true'],
    ["'a b  c' substrings", "#('a' 'b' 'c')"],
    ["'a,b' substrings: ','", "#('a' 'b')"],
    ["'hello' copyFrom: 2 to: 3", "'el'"],
    ["'hello' indexOf: $l", '3'],
    ["'hello' indexOf: $z", '0'],
    ["'hello' occurrencesOf: $l", '2'],
    ["'hello' copyReplaceAll: 'l' with: 'L'", "'heLLo'"],
    ["'a-b' copyReplaceAll: '-' with: '$&'", "'a$&b'"],
    ["', ' join: #('a' 'b')", "'a, b'"],
    ["'abc' < 'abd'", 'true'],
    ["'abc' asSymbol", '#abc'],
    ["'hello' asSet size", '4'],
    ["'cba' asArray sorted", '#($a $b $c)'],
    ['(String new: 3) size', '3'],
    ["'{1}-{2}' format: #(1 2)", "'1-2'"],
    ["'x' displayString", "'x'"],
    ["'x' printString", "'''x'''"],
    ["'Hi' , #there", "'Hithere'"],
  ],
  'collections have classes and print strings of their own': [
    ["#(1 $a 'b' #c #(2) nil true)", "#(1 $a 'b' #c #(2) nil true)"],
    ['{ 1. Object new }', '{1. an Object}'],
    ['OrderedCollection new add: 1; add: 2; yourself', 'an OrderedCollection(1 2)'],
    ['#(3 1 2) asOrderedCollection removeFirst', '3'],
    ['(OrderedCollection with: 1) class == Array', 'false'],
    ['#(3 1 2) asSortedCollection', 'a SortedCollection(1 2 3)'],
    ['#(3 1 2) asSortedCollection: [ :a :b | a >= b ]', 'a SortedCollection(3 2 1)'],
    ['(#(3 1) asSortedCollection) add: 2; yourself', 'a SortedCollection(1 2 3)'],
    ['#(3 1 2) sorted: [ :a :b | a > b ]', '#(3 2 1)'],
    ['1 to: 5', '(1 to: 5)'],
    ['(1 to: 10 by: 3) asArray', '#(1 4 7 10)'],
    ['(5 to: 1 by: -2) asArray', '#(5 3 1)'],
    ['(1 to: 3) collect: [ :x | x * x ]', '#(1 4 9)'],
    ['(0 to: 1 by: 1/2) asArray', '{0. (1/2). 1}'],
    ['(1 to: 5) inject: 0 into: [ :a :b | a + b ]', '15'],
    ['#(1 2 3) detect: [ :x | x > 5 ] ifNone: [ 0 ]', '0'],
    ['#(1 2 3) copyFrom: 2 to: 3', '#(2 3)'],
    ['#(1 2 3) reverse', '#(3 2 1)'],
    ['#(1 2) , #(3)', '#(1 2 3)'],
    ['#(1 2 3) indexOf: 9', '0'],
    ['#(1 2 3) max', '3'],
    ['#(1 2 3) sum', '6'],
    ['#(1 2 3 4) groupedBy: #even', 'a Dictionary(false->an OrderedCollection(1 3) true->an OrderedCollection(2 4))'],
    ['Array new: 2', '#(nil nil)'],
    ['(Array new: 2) collect: [ :x | x isNil ]', '#(true true)'],
    ['Set new add: 3; add: 3; yourself', 'a Set(3)'],
    ['(Set new add: 1/2; add: 2/4; yourself) size', '1'],
    ['Bag new add: 1; add: 1; yourself', 'a Bag(1 1)'],
    ['#(1 1 2) asBag occurrencesOf: 1', '2'],
    ['Dictionary new at: #a put: 1; yourself', 'a Dictionary(#a->1)'],
    ['Dictionary new at: 1 ifAbsent: [ 9 ]', '9'],
    ['(Dictionary new at: 1 put: 2; yourself) keys', '#(1)'],
    ['3 -> 4', '3->4'],
    ['3 @ 4 + 1', '4@5'],
    ['#(1 2 3) = #(1 2 3)', 'true'],
  ],
  'blocks and control structures work': [
    ['[ :a :b | a + b ] valueWithArguments: #(1 2)', '3'],
    ['| n | n := 0. 3 timesRepeat: [ n := n + 2 ]. n', '6'],
    ['| n | n := 0. 1 to: 10 by: 3 do: [ :i | n := n + i ]. n', '22'],
    ['| n | n := 0. [ n < 5 ] whileTrue: [ n := n + 1 ]. n', '5'],
    ['nil ifNil: [ 3 ]', '3'],
    ['3 between: 1 and: 5', 'true'],
    ['true and: [ false ]', 'false'],
    ['(Time millisecondsToRun: [ 3 ]) isInteger', 'true'],
    ['[ :x | x > 0 ifTrue: [ ^ #early ]. #late ] value: 1. #never', '#early'],
  ],
  'exceptions return, retry, resume and pass': [
    ['[ 1/0 ] on: ZeroDivide do: [ :e | e return: 5 ]', '5'],
    ['[ 1/0 ] on: ZeroDivide do: [ :e | e class ]', 'ZeroDivide'],
    ['[ 1//0 ] on: ZeroDivide do: [ :e | 0 ]', '0'],
    ['[ 1\\\\0 ] on: ZeroDivide do: [ :e | 0 ]', '0'],
    ['[ (1/0) + 1 ] on: ZeroDivide do: [ :e | e resume: 5 ]', '6'],
    ["[ Error signal: 'oops' ] on: Error do: [ :e | e messageText ]", "'oops'"],
    ["[ Error new signal: 'oops' ] on: Error do: [ :e | e description ]", "'Error: oops'"],
    ['[ nil foo ] on: MessageNotUnderstood do: [ :e | e message selector ]', "'foo'"],
    ['| n | n := 0. [ n := n + 1. n < 3 ifTrue: [ Error signal ]. n ] on: Error do: [ :e | e retry ]', '3'],
    ['[ 1/0 ] on: ZeroDivide do: [ :e | e retryUsing: [ 7 ] ]', '7'],
    ['[ [ 1/0 ] on: ZeroDivide do: [ :e | e pass ] ] on: Error do: [ :e | 8 ]', '8'],
    ['[ [ 1/0 ] on: ZeroDivide do: [ :e | e signal ] ] on: ZeroDivide do: [ :e | 9 ]', '9'],
    ['[ [ 1/0 ] on: ZeroDivide do: [ :e | nil foo ] ] on: MessageNotUnderstood do: [ :e | 10 ]', '10'],
    ['[ [ 1/0 ] on: MessageNotUnderstood do: [ :e | 1 ] ] on: ZeroDivide do: [ :e | 2 ]', '2'],
    ['[ nil foo ] on: ZeroDivide, MessageNotUnderstood do: [ :e | 3 ]', '3'],
    [
      '| log | log := OrderedCollection new. [ [ 1/0 ] ensure: [ log add: 1 ] ] on: Error do: [ :e | log add: 2 ]. log',
      'an OrderedCollection(2 1)',
    ],
    ['| c | c := 0. [ [ 1/0 ] ifCurtailed: [ c := 1 ] ] on: Error do: [ :e | ]. c', '1'],
    ["[ Warning signal: 'w'. 5 ] on: Warning do: [ :e | e resume: nil ]", '5'],
    ["[ (Warning signal: 'w') ] on: Error do: [ :e | 1 ]", 'nil'],
    ['Notification signal', 'nil'],
    ['[ #() first ] on: Error do: [ :e | 4 ]', '4'],
    ['[ #(1) at: 9 ] on: SubscriptOutOfBounds do: [ :e | 5 ]', '5'],
    ['[ Dictionary new at: 1 ] on: KeyNotFound do: [ :e | 6 ]', '6'],
    ['[ Error signal ] on: Exception do: [ :e | 7 ]', '7'],
  ],
  'streams read and write': [
    ['(ReadStream on: #(1 2 3)) next; next', '2'],
    ["(ReadStream on: 'hello world') upTo: $ ", "'hello'"],
    ["(ReadStream on: 'abc') next", '$a'],
    ["'abc' readStream upToEnd", "'abc'"],
    ["(WriteStream on: String new) nextPutAll: 'a'; nextPut: $b; print: 3; tab; contents", "'ab3\t'"],
    ["String new writeStream << 'a' << 3; contents", "'a3'"],
    ["String streamContents: [ :s | s nextPutAll: 'x'; print: #y ]", "'x#y'"],
    ['(WriteStream on: (Array new: 5)) nextPut: 1; nextPut: 2; contents', '#(1 2)'],
    ['Array streamContents: [ :s | s nextPut: 3 ]', '#(3)'],
  ],
  'globals are a dictionary': [
    ['Smalltalk at: #Limit put: 3', '3'],
    ['Limit', '3'],
    ['Smalltalk at: #Limit', '3'],
    ['Smalltalk at: #Nowhere ifAbsent: [ 0 ]', '0'],
    ['Smalltalk includesKey: #Object', 'true'],
    ['Smalltalk at: #lower put: 4', '4'],
    ['lower', '4'],
  ],
  'objects have hashes': [
    ['#(1 $a) hash = #(1 $a) hash', 'true'],
    ['| o | o := Object new. o hash = o hash', 'true'],
    ['Object new hash = Object new hash', 'false'],
    ["'ab' hash = #ab hash", 'true'],
  ],
};

for (const [promise, examples] of Object.entries(EXAMPLES)) {
  describe(promise, () => {
    it.each(examples.map(([code, expected]) => ({ code, expected })))('$code', async ({ code, expected }) => {
      expect(await printOf(engine, code)).toBe(expected);
    });
  });
}

describe('what is wrong raises', () => {
  it.each([
    ['1/0', 'ZeroDivide', 'Number>>/'],
    ['1.5/0', 'ZeroDivide', 'Number>>/'],
    ['(1/2)//0', 'ZeroDivide', 'Fraction(Number)>>//'],
    ["3 + 'a'", 'Error', 'Number>>+'],
    ['#(1 2) at: 3', 'SubscriptOutOfBounds', 'Array>>at:'],
    ['#(1 2) at: 3 put: 1', 'SubscriptOutOfBounds', 'Array>>at:put:'],
  ])('%s', async (code, kind, frame) => {
    expect(await errorOf(engine, code)).toMatchObject({ class: kind, stack: [frame, 'DoIt'] });
  });

  it('a failed assertion', async () => {
    expect((await errorOf(engine, 'Object new assert: false')).class).toBe('AssertionFailure');
  });

  it('a comparison with what is no number', async () => {
    expect((await errorOf(engine, "3 > 'a'")).message).toBe("'a' is not a number");
  });

  it('a number too large for the memory', async () => {
    expect((await errorOf(engine, '2 raisedTo: 1000000000')).message).toContain('too large');
  });
});

describe('as elsewhere', () => {
  it.each([
    ["(WriteStream on: String new) nextPutAll: 'abc'; reset; nextPutAll: 'x'; contents", "'x'"],
    ['(WriteStream on: Array new) nextPut: 1; nextPut: 2; reset; nextPut: 3; contents', '#(3)'],
    ["(WriteStream with: 'abc') nextPutAll: 'd'; contents", "'abcd'"],
    ["(ReadWriteStream on: String new) nextPutAll: 'abc'; reset; upToEnd", "'abc'"],
    ['(1 to: 3) sorted: [ :a :b | a >= b ]', '#(3 2 1)'],
    ['#(1 3 2) sorted: [ :a :b | a >= b ]', '#(3 2 1)'],
    ['(3 to: 1 by: -1) sorted', '#(1 2 3)'],
    ['#(#(1 2) #(3 #(4))) flattened', '#(1 2 3 4)'],
    ["'hello world foo' findTokens: ' '", "an OrderedCollection('hello' 'world' 'foo')"],
    ["'one two' asCamelCase", "'OneTwo'"],
    ["'abc' padLeftTo: 5", "'  abc'"],
    ["'abc' padRightTo: 5", "'abc  '"],
    ["'abc' matchesRegex: 'a.c'", 'true'],
    ["'xabc' matchesRegex: 'a.c'", 'false'],
    ['(Dictionary newFrom: { 1 -> 2. 3 -> 4 }) at: 3', '4'],
    ['Point instVarNames', '#(#x #y)'],
    ['(Point >> #x) sourceCode isString', 'true'],
    ['Smalltalk allClasses includes: Point', 'true'],
    ['true xor: [ true ]', 'false'],
    ['false xor: [ true ]', 'true'],
    ['true xor: false', 'true'],
    ["'*baz' match: 'mobaz'", 'true'],
    ["'*BAZ' match: 'mobaz'", 'true'],
    ["'b#z' match: 'baz'", 'true'],
    ["'b#z' match: 'bz'", 'false'],
    ["'a.c' match: 'abc'", 'false'],
    ["'(*)' match: '(x)'", 'true'],
    ['10r-12.3456', '-12.3456'],
    ['-2r101', '-5'],
    ['2r-101', '-5'],
    ['36rZZ', '1295'],
    ['16rFF', '255'],
    ['16rff + 1', '256'],
    ['16rA.8', '10.5'],
    ['2r12', null],
    ['16rFFFFFFFFFFFFFFFFFF', '4722366482869645213695'],
    ['2raisedTo: 3', '8'],
    ['| d | d := Dictionary new. d at: [] value put: 1. d at: [] value put: 2. d at: nil', '2'],
    [
      '| d | d := Dictionary new. d at: nil put: 1. d at: 3 put: 4. { d at: 3. d includesKey: nil. d size }',
      '#(4 true 2)',
    ],
    ['(Set with: nil with: 3) includes: nil', 'true'],
    ['(Set with: nil) collect: [ :each | each isNil ]', 'a Set(true)'],
    ['(Set new) add: (2 raisedTo: 70); add: (2 raisedTo: 70); size', '1'],
    ['(Set with: (Date fromMilliseconds: 5)) anyOne class', 'Date'],
    ['[ 1/0 ] on: ZeroDivide do: [ :e | e pass ] on: Error do: [ :e | 99 ]', null],
    ['[ [ 1/0 ] on: ZeroDivide do: [ :e | e pass ] on: Error do: [ :e | 99 ] ] on: ZeroDivide do: [ :e | 5 ]', '5'],
  ])('%s', async (code, expected) => {
    if (expected === null) await errorOf(engine, code);
    else expect(await printOf(engine, code)).toBe(expected);
  });

  it.each([
    ["'abc' collect: [ :c | c asInteger ]", 'Error', 'A String holds Characters only, not 97'],
    ["'abc' at: nil", 'SubscriptOutOfBounds', 'Index nil is out of bounds'],
    ['#(1 2) detect: [ :x | x > 5 ]', 'NotFound', 'not in the collection'],
    ['OrderedCollection new removeFirst', 'CollectionIsEmpty', 'is empty'],
    ['#() first', 'CollectionIsEmpty', 'is empty'],
    ["[ Error signal: 'a' ] on: Error do: [ :e | e resume: 3 ]", 'IllegalResumeAttempt', 'cannot be resumed'],
    ['Character value: -1', 'Error', '-1 is no code of a Character'],
    ['Array new: -1', 'PrimitiveFailed', 'out of range'],
    ["'abc' repeat: -2", 'PrimitiveFailed', 'out of range'],
    ['10 printStringBase: 99', 'PrimitiveFailed', 'out of range'],
    ["'(' asRegexp", 'PrimitiveFailed', 'cannot read what it was given'],
    ['(Boolean subclass: #OddBoolean slots: {}) basicNew printString', 'PrimitiveFailed', 'not what it expects'],
  ])('%s raises an error of Smalltalk, in its words', async (code, kind, message) => {
    const error = await errorOf(engine, code);
    expect(error.class).toBe(kind);
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/JavaScript|TypeError|RangeError|SyntaxError|undefined|\[object/);
  });

  it('lets code that wants it have the error beneath', async () => {
    const name = '[ Array new: -1 ] on: JavaScriptException do: [ :e | e exception isNil ]';
    expect(await printOf(engine, name)).toBe('false');
  });
});

describe('printing to the Transcript', () => {
  it('has printNl and displayNl', async () => {
    const { transcript } = await engine.evaluate(requestFor("'a' printNl. 'a' displayNl. 3 printNl. #b displayNl"));
    expect(transcript).toBe("'a'\na\n3\nb\n");
  });
});

describe('SUnit', () => {
  it('runs a suite at once and prints what failed', async () => {
    const { printString, class: kind } = await engine.evaluate(
      requestFor(`!TestCase subclass: #SampleTest instanceVariableNames: 'x log' package: 'T'!
!SampleTest methodsFor: 'x'!
setUp x := 3!
tearDown Smalltalk at: #TornDown put: (Smalltalk at: #TornDown ifAbsent: [ 0 ]) + 1!
testPass self assert: x equals: 3; assert: x > 2; deny: x = 4!
testFail self assert: x equals: 4!
testRaise self should: [ 1/0 ] raise: ZeroDivide!
testError nil foo!
testSkip self skip: 'later'! !
SampleTest suite run!`),
    );
    expect(kind).toBe('TestResult');
    expect(printString?.split('\n')).toEqual([
      '5 run, 2 passed, 1 failures, 1 errors, 1 skipped',
      'SampleTest>>#testError: nil does not understand #foo',
      'SampleTest>>#testFail: TestFailure: Expected 4, got 3',
    ]);
    expect(await printOf(engine, 'TornDown')).toBe('5');
  });

  it('runs one test, the suite of subclasses, and tells whether all passed', async () => {
    expect(await printOf(engine, 'SampleTest run: #testPass')).toBe('1 run, 1 passed, 0 failures, 0 errors');
    expect(await printOf(engine, '(SampleTest selector: #testFail) run hasPassed')).toBe('false');
    expect(await printOf(engine, 'TestCase buildSuite run runCount')).toBe('5');
    expect(await printOf(engine, 'SampleTest buildSuite')).toBe('a TestSuite(5 tests)');
  });
});
