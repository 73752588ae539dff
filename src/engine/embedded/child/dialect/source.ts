/** The part of the dialect that is best said in Smalltalk. Compiled when the engine starts, into its snapshot. */
export const DIALECT_SOURCE = `
Object subclass: #ReadStream slots: {} package: 'STUI'!
Object subclass: #WriteStream slots: {} package: 'STUI'!
Object subclass: #ReadWriteStream slots: {} package: 'STUI'!

!ReadStream class methodsFor: 'engine'!
on: aCollection ^ aCollection streamClass on: aCollection! !

!WriteStream class methodsFor: 'engine'!
on: aCollection ^ (aCollection streamClass on: aCollection copyEmpty) beWriteOnly!
with: aCollection ^ (aCollection streamClass on: aCollection copy) setToEnd; beWriteOnly! !

!ReadWriteStream class methodsFor: 'engine'!
on: aCollection ^ (aCollection streamClass on: aCollection copy) yourself!
with: aCollection ^ (aCollection streamClass on: aCollection copy) setToEnd; yourself! !

!Object methodsFor: 'engine'!
isInteger ^ false!
isFloat ^ false!
isFraction ^ false!
isCollection ^ false!
isArray ^ false!
isDictionary ^ false!
asOop ^ self identityHash!
-> anObject ^ Association key: self value: anObject!
ifNil: aBlock ifNotNilDo: anotherBlock ^ anotherBlock value: self!
isNotNil ^ true!
storeString ^ self printString!
displayString ^ self printString!
perform: aSelector with: a with: b ^ self perform: aSelector withArguments: {a. b}!
perform: aSelector with: a with: b with: c ^ self perform: aSelector withArguments: {a. b. c}!
instVarAt: anInteger ^ self instVarNamed: (self class allInstanceVariableNames at: anInteger)!
assert: aBoolean description: aString
  aBoolean ifFalse: [ AssertionFailure signal: aString ]! !

!UndefinedObject methodsFor: 'engine'!
isNotNil ^ false!
isEmptyOrNil ^ true!
ifNotNilDo: aBlock ^ nil! !

!Collection methodsFor: 'engine'!
isCollection ^ true!
isEmptyOrNil ^ self isEmpty!
isNotEmpty ^ self isEmpty not!
anyOne self do: [ :each | ^ each ]. CollectionIsEmpty signal: 'The collection is empty'!
count: aBlock
  | count |
  count := 0.
  self do: [ :each | (aBlock value: each) ifTrue: [ count := count + 1 ] ].
  ^ count!
sum ^ self inject: 0 into: [ :sum :each | sum + each ]!
sum: aBlock ^ self inject: 0 into: [ :sum :each | sum + (aBlock value: each) ]!
sumNumbers ^ self sum!
max
  | max |
  self do: [ :each | (max isNil or: [ each > max ]) ifTrue: [ max := each ] ].
  ^ max!
min
  | min |
  self do: [ :each | (min isNil or: [ each < min ]) ifTrue: [ min := each ] ].
  ^ min!
average ^ self sum / self size!
detectMax: aBlock
  | best bestValue |
  self do: [ :each | | value |
    value := aBlock value: each.
    (bestValue isNil or: [ value > bestValue ]) ifTrue: [ best := each. bestValue := value ] ].
  ^ best!
detectMin: aBlock
  | best bestValue |
  self do: [ :each | | value |
    value := aBlock value: each.
    (bestValue isNil or: [ value < bestValue ]) ifTrue: [ best := each. bestValue := value ] ].
  ^ best!
detect: aBlock ifFound: foundBlock
  self do: [ :each | (aBlock value: each) ifTrue: [ ^ foundBlock value: each ] ].
  ^ nil!
detect: aBlock ifFound: foundBlock ifNone: noneBlock
  self do: [ :each | (aBlock value: each) ifTrue: [ ^ foundBlock value: each ] ].
  ^ noneBlock value!
contains: aBlock ^ self anySatisfy: aBlock!
errorNotFound NotFound signal: 'Object is not in the collection'!
flattened
  | all |
  all := OrderedCollection new.
  self do: [ :each |
    (each isCollection and: [ each isString not ]) ifTrue: [ all addAll: each flattened ] ifFalse: [ all add: each ] ].
  ^ all asArray!
conform: aBlock ^ self allSatisfy: aBlock!
anySatisfy: aBlock self do: [ :each | (aBlock value: each) ifTrue: [ ^ true ] ]. ^ false!
flatCollect: aBlock
  | all |
  all := OrderedCollection new.
  self do: [ :each | all addAll: (aBlock value: each) ].
  ^ all!
groupedBy: aBlock
  | groups |
  groups := Dictionary new.
  self do: [ :each |
    (groups at: (aBlock value: each) ifAbsentPut: [ OrderedCollection new ]) add: each ].
  ^ groups!
fold: aBlock
  | first result |
  first := true.
  self do: [ :each |
    first ifTrue: [ result := each. first := false ] ifFalse: [ result := aBlock value: result value: each ] ].
  first ifTrue: [ CollectionIsEmpty signal: 'The collection is empty' ].
  ^ result!
reduce: aBlock ^ self fold: aBlock!
asBag ^ Bag withAll: self!
asDictionary
  | dictionary |
  dictionary := Dictionary new.
  self do: [ :each | dictionary at: each key put: each value ].
  ^ dictionary!
addAll: aCollection aCollection asArray do: [ :each | self add: each ]. ^ aCollection!
removeAll: aCollection aCollection asArray do: [ :each | self remove: each ]. ^ aCollection!
collect: aBlock thenDo: anotherBlock (self collect: aBlock) do: anotherBlock!
select: aBlock thenDo: anotherBlock (self select: aBlock) do: anotherBlock!
collect: aBlock thenSelect: anotherBlock ^ (self collect: aBlock) select: anotherBlock!
reject: aBlock thenCollect: anotherBlock ^ (self reject: aBlock) collect: anotherBlock!
difference: aCollection ^ self reject: [ :each | aCollection includes: each ]!
union: aCollection ^ self asSet addAll: aCollection; yourself!
includesAll: aCollection ^ aCollection allSatisfy: [ :each | self includes: each ]!
includesAny: aCollection ^ aCollection anySatisfy: [ :each | self includes: each ]!
asCommaString ^ ', ' join: (self collect: [ :each | each asString ])!
remove: anObject
  ^ self remove: anObject ifAbsent: [ NotFound signal: anObject printString, ' is not in the collection' ]! !

!Collection class methodsFor: 'engine'!
with: a with: b with: c with: d ^ self withAll: {a. b. c. d}!
with: a with: b with: c with: d with: e ^ self withAll: {a. b. c. d. e}! !

!SequenceableCollection methodsFor: 'engine'!
isArray ^ self class = Array!
allButFirst: n ^ self copyFrom: n + 1 to: self size!
allButLast: n ^ self copyFrom: 1 to: self size - n!
first self isEmpty ifTrue: [ ^ CollectionIsEmpty signal: 'The collection is empty' ]. ^ self at: 1!
last self isEmpty ifTrue: [ ^ CollectionIsEmpty signal: 'The collection is empty' ]. ^ self at: self size!
doWithIndex: aBlock self withIndexDo: aBlock!
keysAndValuesDo: aBlock self withIndexDo: [ :each :index | aBlock value: index value: each ]!
withIndexCollect: aBlock ^ self collectWithIndex: aBlock!
collectWithIndex: aBlock
  | index |
  index := 0.
  ^ self collect: [ :each | index := index + 1. aBlock value: each value: index ]!
keys ^ 1 to: self size!
with: aCollection collect: aBlock
  | index |
  index := 0.
  ^ self collect: [ :each | index := index + 1. aBlock value: each value: (aCollection at: index) ]!
from: start to: stop do: aBlock start to: stop do: [ :index | aBlock value: (self at: index) ]!
reverse ^ self reversed!
swap: i with: j
  | each |
  each := self at: i.
  self at: i put: (self at: j).
  self at: j put: each!
copyAfter: anObject ^ self copyFrom: (self indexOf: anObject) + 1 to: self size!
copyUpTo: anObject
  | index |
  index := self indexOf: anObject.
  ^ index = 0 ifTrue: [ self copy ] ifFalse: [ self copyFrom: 1 to: index - 1 ]!
copyWith: anObject ^ self copy add: anObject; yourself!
isSorted ^ self isSortedBy: [ :a :b | a <= b ]!
isSortedBy: aBlock
  2 to: self size do: [ :index |
    (aBlock value: (self at: index - 1) value: (self at: index)) ifFalse: [ ^ false ] ].
  ^ true!
addAllFirst: aCollection aCollection reversed do: [ :each | self addFirst: each ]. ^ aCollection!
addLast: anObject ^ self add: anObject!
removeFirst: n ^ (1 to: n) collect: [ :each | self removeFirst ]!
removeLast: n ^ ((1 to: n) collect: [ :each | self removeLast ]) reversed!
removeAt: index
  | each |
  each := self at: index.
  self removeIndex: index.
  ^ each!
removeAllSuchThat: aBlock (self select: aBlock) do: [ :each | self remove: each ]!
add: anObject afterIndex: index ^ self insert: anObject at: index + 1!
add: anObject beforeIndex: index ^ self insert: anObject at: index!
atAllPut: anObject 1 to: self size do: [ :index | self at: index put: anObject ]!
readStream ^ ReadStream on: self!
writeStream ^ WriteStream on: self copyEmpty!
allOccurrencesOf: anObject ^ self select: [ :each | each = anObject ]! !

!Array methodsFor: 'engine'!
insert: anObject at: index <inlineJS: 'self.splice(index - 1, 0, anObject); return anObject'>!
copyEmpty ^ self class new!
, aCollection <inlineJS: 'return self.concat($recv(aCollection)._asArray())'>! !

!Set methodsFor: 'engine'!
remove: anObject
  ^ self remove: anObject ifAbsent: [ NotFound signal: anObject printString, ' is not in the collection' ]!
reject: aBlock ^ self select: [ :each | (aBlock value: each) not ]! !

!AssociativeCollection class methodsFor: 'engine'!
newFrom: aCollection ^ self new addAll: aCollection; yourself! !

!Behavior methodsFor: 'engine'!
instVarNames ^ self instanceVariableNames collect: [ :each | each asSymbol ]! !

!CompiledMethod methodsFor: 'engine'!
sourceCode ^ self source! !

!SmalltalkImage methodsFor: 'engine'!
allClasses ^ self classes! !

!AssociativeCollection methodsFor: 'engine'!
isDictionary ^ true!
keysSortedSafely ^ self keys asArray sorted!
keyAtValue: anObject ^ self keyAtValue: anObject ifAbsent: [ nil ]!
includesValue: anObject ^ self values includes: anObject!
anyOne ^ self values anyOne!
isEmpty ^ self size = 0!
associationsSelect: aBlock
  | copy |
  copy := self class new.
  self associationsDo: [ :each | (aBlock value: each) ifTrue: [ copy add: each ] ].
  ^ copy!
keysSelect: aBlock ^ self associationsSelect: [ :each | aBlock value: each key ]!
reject: aBlock ^ self select: [ :each | (aBlock value: each) not ]!
add: anAssociation self at: anAssociation key put: anAssociation value. ^ anAssociation!
addAll: aDictionary
  aDictionary isDictionary
    ifTrue: [ aDictionary keysAndValuesDo: [ :key :value | self at: key put: value ] ]
    ifFalse: [ aDictionary do: [ :each | self add: each ] ].
  ^ aDictionary!
removeKey: aKey
  ^ self removeKey: aKey ifAbsent: [ KeyNotFound signal: aKey printString, ' is not a key' ]!
at: aKey ifPresent: aBlock
  ^ (self includesKey: aKey) ifTrue: [ aBlock value: (self at: aKey) ] ifFalse: [ nil ]!
keysDo: aBlock separatedBy: anotherBlock self keys do: aBlock separatedBy: anotherBlock! !

!Bag methodsFor: 'engine'!
initialize super initialize. contents := Dictionary new!
add: anObject ^ self add: anObject withOccurrences: 1!
add: anObject withOccurrences: count
  contents at: anObject put: (self occurrencesOf: anObject) + count.
  ^ anObject!
occurrencesOf: anObject ^ contents at: anObject ifAbsent: [ 0 ]!
remove: anObject ifAbsent: aBlock
  | count |
  count := self occurrencesOf: anObject.
  count = 0 ifTrue: [ ^ aBlock value ].
  count = 1 ifTrue: [ contents removeKey: anObject ] ifFalse: [ contents at: anObject put: count - 1 ].
  ^ anObject!
do: aBlock
  contents keysAndValuesDo: [ :each :count | count timesRepeat: [ aBlock value: each ] ]!
size ^ contents values inject: 0 into: [ :sum :each | sum + each ]!
includes: anObject ^ contents includesKey: anObject!
asSet ^ contents keys asSet!
= aBag
  ^ self class = aBag class and: [ self size = aBag size and: [
    self asSet allSatisfy: [ :each | (self occurrencesOf: each) = (aBag occurrencesOf: each) ] ] ]!
collect: aBlock
  | bag |
  bag := Bag new.
  self do: [ :each | bag add: (aBlock value: each) ].
  ^ bag!
select: aBlock
  | bag |
  bag := Bag new.
  self do: [ :each | (aBlock value: each) ifTrue: [ bag add: each ] ].
  ^ bag!
valuesAndCounts ^ contents! !

!BlockClosure methodsFor: 'engine'!
cull: anObject ^ self numArgs = 0 ifTrue: [ self value ] ifFalse: [ self value: anObject ]!
value: a value: b value: c value: d ^ self valueWithPossibleArguments: {a. b. c. d}!
valueWithArguments: anArray
  self numArgs = anArray size ifFalse: [
    self error: 'The block takes ', self numArgs printString, ' arguments, not ', anArray size printString ].
  ^ self valueWithPossibleArguments: anArray!
whileNil: aBlock [ self value isNil ] whileTrue: aBlock!
doWhileTrue: aBlock
  self value.
  [ aBlock value ] whileTrue: [ self value ]!
doWhileFalse: aBlock
  self value.
  [ aBlock value ] whileFalse: [ self value ]!
repeat [ true ] whileTrue: [ self value ]!
on: anErrorClass do: aBlock ensure: anotherBlock ^ [ self on: anErrorClass do: aBlock ] ensure: anotherBlock!
timeToRun ^ Date millisecondsToRun: self! !

!Boolean methodsFor: 'engine'!
xor: aBoolean ^ self ~= aBoolean value!
asInteger ^ self asBit! !

!ProtoStream methodsFor: 'engine'!
upToEnd
  | rest |
  rest := self collection copyEmpty writeStream.
  [ self atEnd ] whileFalse: [ rest nextPut: self next ].
  ^ rest contents!
upTo: anObject
  | part each |
  part := self collection copyEmpty writeStream.
  [ self atEnd or: [ (each := self next) = anObject ] ] whileFalse: [ part nextPut: each ].
  ^ part contents!
peekFor: anObject
  (self atEnd not and: [ self peek = anObject ]) ifTrue: [ self next. ^ true ].
  ^ false!
skipSeparators [ self atEnd not and: [ self peek isSeparator ] ] whileTrue: [ self next ]!
nextLine ^ self upTo: Character lf!
isStream ^ true!
notEmpty ^ self isEmpty not! !

!Stream methodsFor: 'engine'!
next: count
  | part |
  part := self collection copyEmpty writeStream.
  count timesRepeat: [ self atEnd ifFalse: [ part nextPut: self next ] ].
  ^ part contents!
peek ^ self atEnd ifTrue: [ nil ] ifFalse: [ self collection at: self position + 1 ]! !

!StringStream methodsFor: 'engine'!
next: count
  | part |
  part := self collection copyEmpty writeStream.
  count timesRepeat: [ self atEnd ifFalse: [ part nextPut: self next ] ].
  ^ part contents!
<< anObject self nextPutAll: anObject displayString!
display: anObject self nextPutAll: anObject displayString!
nl self nextPutAll: String lf!
newLine self nextPutAll: String lf!
space: count count timesRepeat: [ self space ]!
tab: count count timesRepeat: [ self tab ]! !

!String methodsFor: 'engine'!
copyEmpty ^ ''!
asArrayOfLines ^ self lines!
linesDo: aBlock self lines do: aBlock!
findTokens: separators ^ (self substrings: separators asString) asOrderedCollection!
asCamelCase ^ ((self substrings collect: [ :each | each capitalized ]) inject: '' into: [ :all :each | all, each ])!
padLeftTo: width ^ self padLeftTo: width with: Character space!
padRightTo: width ^ self padRightTo: width with: Character space!
isEmpty ^ self size = 0! !

Object subclass: #TestSuite slots: {#name. #tests} package: 'STUI'!

!TestSuite methodsFor: 'engine'!
initialize super initialize. tests := OrderedCollection new!
name ^ name!
name: aString name := aString!
tests ^ tests!
addTest: aTest tests add: aTest!
addTests: aCollection tests addAll: aCollection!
size ^ tests size!
do: aBlock tests do: aBlock!
run
  | result |
  result := TestResult new.
  result total: tests size.
  tests do: [ :each | result runCase: each ].
  ^ result!
printOn: aStream
  aStream nextPutAll: 'a TestSuite('; print: tests size; nextPutAll: ' tests)'! !

!TestCase class methodsFor: 'engine'!
buildSuite
  | suite |
  suite := TestSuite new.
  suite name: self name.
  self isAbstract ifFalse: [
    self allTestSelectors asArray sorted do: [ :each | suite addTest: (self selector: each) ] ].
  self allSubclasses do: [ :each |
    each testSelectors asArray sorted do: [ :selector | suite addTest: (each selector: selector) ] ].
  ^ suite!
suite ^ self buildSuite!
run ^ self buildSuite run!
run: aSelector ^ (self selector: aSelector) run!
testSelectors
  ^ self methodDictionary keys select: [ :each | (each beginsWith: 'test') and: [ (each includes: $:) not ] ]! !

!TestCase methodsFor: 'engine'!
run
  | result |
  result := TestResult new.
  result total: 1.
  result runCase: self.
  ^ result!
fail self signalFailure: 'Failed'!
fail: aString self signalFailure: aString!
skip TestSkipped signal!
skip: aString TestSkipped signal: aString!
assert: aValue
  self assert: (aValue isBoolean ifTrue: [ aValue ] ifFalse: [ aValue value ]) description: 'Assertion failed'!
deny: aValue
  self assert: (aValue isBoolean ifTrue: [ aValue ] ifFalse: [ aValue value ]) not description: 'Denial failed'!
deny: actual equals: expected
  self assert: actual ~= expected description: 'Expected anything but ', expected printString!
assert: actual identicalTo: expected
  self assert: actual == expected description: 'Expected ', expected printString, ' itself, got ', actual printString!
assert: actual equals: expected
  self assert: actual = expected description: 'Expected ', expected printString, ', got ', actual printString!
assert: aNumber closeTo: anotherNumber
  self assert: (aNumber - anotherNumber) abs < 0.0001
    description: 'Expected about ', anotherNumber printString, ', got ', aNumber printString!
assertEmpty: aCollection self assert: aCollection isEmpty description: 'Expected no elements'!
should: aBlock raise: anExceptionClass
  self assert: ([ aBlock value. false ] on: anExceptionClass do: [ :ex | ex return: true ])
    description: 'Expected ', anExceptionClass printString!
shouldnt: aBlock raise: anExceptionClass
  self assert: ([ aBlock value. true ] on: anExceptionClass do: [ :ex | ex return: false ])
    description: 'Expected no ', anExceptionClass printString!
printOn: aStream
  aStream nextPutAll: self class name; nextPutAll: '>>#'; nextPutAll: (self selector ifNil: [ 'nil' ])! !

Error subclass: #TestSkipped slots: {} package: 'STUI'!

Object subclass: #TestResult
  slots: {#timestamp. #runs. #errors. #failures. #total. #details. #skipped}
  package: 'SUnit'!

!TestResult methodsFor: 'engine'!
initialize
  super initialize.
  timestamp := Date now.
  runs := 0.
  total := 0.
  errors := OrderedCollection new.
  failures := OrderedCollection new.
  details := OrderedCollection new.
  skipped := OrderedCollection new!
details ^ details!
skipped ^ skipped!
passed ^ self passedCount!
passedCount ^ runs - failures size - errors size - skipped size!
failureCount ^ failures size!
errorCount ^ errors size!
runCount ^ runs!
hasPassed ^ failures isEmpty and: [ errors isEmpty ]!
hasFailures ^ failures notEmpty!
hasErrors ^ errors notEmpty!
runCase: aTestCase
  self increaseRuns.
  [ [ [ aTestCase runCase ]
    on: TestSkipped do: [ :ex | skipped add: aTestCase ] ]
    on: TestFailure, AssertionFailure do: [ :ex | self addFailure: aTestCase. self note: ex of: aTestCase ] ]
    on: Error do: [ :ex | self addError: aTestCase. self note: ex of: aTestCase ]!
note: anException of: aTestCase
  details add: aTestCase printString, ': ', anException description!
printOn: aStream
  aStream
    print: runs; nextPutAll: ' run, ';
    print: self passedCount; nextPutAll: ' passed, ';
    print: failures size; nextPutAll: ' failures, ';
    print: errors size; nextPutAll: ' errors'.
  skipped isEmpty ifFalse: [ aStream nextPutAll: ', '; print: skipped size; nextPutAll: ' skipped' ].
  details do: [ :each | aStream nextPutAll: String lf; nextPutAll: each ]! !

`;
