/** Strings whose elements are Characters, with the messages other Smalltalks have. */
import type { Amber, St } from '../amber.js';
import { type Body, installMethods } from '../install.js';
import { characterOf } from './characters.js';

function escaped(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

export function installStrings(amber: Amber): void {
  const { globals } = amber;
  const characterAt = (text: string, index: number): St => characterOf(amber, text.charCodeAt(index));
  const charactersOf = (text: string): St[] => Array.from({ length: text.length }, (_, i) => characterAt(text, i));
  /** A one-character string stands for its Character, as it does in Amber. */
  const needle = (value: St): string => (value == null ? '' : String(value.code === undefined ? value : asText(value)));
  const asText = (value: St): string => String(amber.asReceiver(value)._asString());
  const outOfBounds = (index: St): St =>
    globals.SubscriptOutOfBounds._signal_(`Index ${String(amber.asReceiver(index)._printString())} is out of bounds`);
  const truth = (block: St, each: St): boolean => block._value_(each) === true;
  const collected = (elements: readonly St[]): St => {
    const other = elements.find((each) => each?.a$cls !== globals.Character);
    if (elements.every((each) => each?.a$cls === globals.Character)) return elements.map(asText).join('');
    return globals.Error._signal_(
      `A String holds Characters only, not ${String(amber.asReceiver(other)._printString())}`,
    );
  };
  const find = (text: string, what: St, from: number): number => {
    const sought = needle(what);
    return sought.length === 0 ? 0 : text.indexOf(sought, from - 1) + 1;
  };

  const methods: Record<string, Body> = {
    'at:'(index) {
      const text = String(this);
      return index >= 1 && index <= text.length ? characterAt(text, index - 1) : outOfBounds(index);
    },
    'at:ifAbsent:'(index, block) {
      const text = String(this);
      return index >= 1 && index <= text.length ? characterAt(text, index - 1) : block._value();
    },
    'at:ifPresent:ifAbsent:'(index, block, absent) {
      const text = String(this);
      return index >= 1 && index <= text.length ? block._value_(characterAt(text, index - 1)) : absent._value();
    },
    'copyFrom:to:'(first, last) {
      const text = String(this);
      if (last < first) return '';
      if (first < 1 || last > text.length) return outOfBounds(first < 1 ? first : last);
      return text.slice(first - 1, last);
    },
    'do:'(block) {
      for (const each of charactersOf(String(this))) block._value_(each);
      return this;
    },
    'reverseDo:'(block) {
      for (const each of charactersOf(String(this)).reverse()) block._value_(each);
      return this;
    },
    'withIndexDo:'(block) {
      for (const [index, each] of charactersOf(String(this)).entries()) block._value_value_(each, index + 1);
      return this;
    },
    'with:do:'(other, block) {
      for (const [index, each] of charactersOf(String(this)).entries()) {
        block._value_value_(each, other._at_(index + 1));
      }
      return this;
    },
    'detect:ifNone:'(block, none) {
      const found = charactersOf(String(this)).find((each) => truth(block, each));
      return found === undefined ? none._value() : found;
    },
    'collect:'(block) {
      return collected(charactersOf(String(this)).map((each) => block._value_(each)));
    },
    'select:'(block) {
      return collected(charactersOf(String(this)).filter((each) => truth(block, each)));
    },
    'reject:'(block) {
      return collected(charactersOf(String(this)).filter((each) => !truth(block, each)));
    },
    'indexOf:'(what) {
      return find(String(this), what, 1);
    },
    'indexOf:ifAbsent:'(what, block) {
      return find(String(this), what, 1) || block._value();
    },
    'indexOf:startingAt:ifAbsent:'(what, start, block) {
      return find(String(this), what, start) || block._value();
    },
    'findString:'(what) {
      return find(String(this), what, 1);
    },
    'includes:'(what) {
      return needle(what).length === 1 && String(this).includes(needle(what));
    },
    'occurrencesOf:'(what) {
      return charactersOf(String(this)).filter((each) => asText(each) === needle(what)).length;
    },
    single() {
      const text = String(this);
      return text.length === 1 ? characterAt(text, 0) : globals.Error._signal_('The string has not one element');
    },
    asArray() {
      return charactersOf(String(this));
    },
    asOrderedCollection() {
      return globals.OrderedCollection._withAll_(charactersOf(String(this)));
    },
    asBag() {
      return globals.Bag._withAll_(charactersOf(String(this)));
    },
    asByteArray() {
      return [...Buffer.from(String(this), 'utf8')];
    },
    asString() {
      return String(this);
    },
    asCharacter() {
      return characterAt(String(this), 0);
    },
    'copyWithFirst:'(first) {
      return asText(first) + String(this);
    },
    'copyWith:'(last) {
      return String(this) + asText(last);
    },
    'copyReplaceAll:with:'(old, replacement) {
      return String(this).replaceAll(asText(old), () => asText(replacement));
    },
    'copyReplacing:with:'(old, replacement) {
      return String(this).replaceAll(needle(old), () => needle(replacement));
    },
    'replaceAll:with:'(old, replacement) {
      return String(this).replaceAll(needle(old), () => needle(replacement));
    },
    'copyWithout:'(character) {
      return String(this).replaceAll(needle(character), '');
    },
    reversed() {
      return [...String(this)].reverse().join('');
    },
    reverse() {
      return [...String(this)].reverse().join('');
    },
    asMutator() {
      return String(this).endsWith(':') ? String(this) : `${String(this)}:`;
    },
    capitalized() {
      return String(this).slice(0, 1).toUpperCase() + String(this).slice(1);
    },
    uncapitalized() {
      return String(this).slice(0, 1).toLowerCase() + String(this).slice(1);
    },
    'beginsWith:'(prefix) {
      return String(this).startsWith(asText(prefix));
    },
    'startsWith:'(prefix) {
      return String(this).startsWith(asText(prefix));
    },
    'endsWith:'(suffix) {
      return String(this).endsWith(asText(suffix));
    },
    'includesSubstring:'(part) {
      return String(this).includes(asText(part));
    },
    'includesSubString:'(part) {
      return String(this).includes(asText(part));
    },
    substrings() {
      return String(this)
        .split(/\s+/)
        .filter((each) => each !== '');
    },
    'substrings:'(separators) {
      const wanted = asText(separators);
      const parts = [''];
      for (const each of String(this)) {
        if (wanted.includes(each)) parts.push('');
        else parts[parts.length - 1] += each;
      }
      return parts.filter((each) => each !== '');
    },
    'splitOn:'(separator) {
      return String(this).split(asText(separator));
    },
    'split:'(text) {
      return asText(text).split(String(this));
    },
    trim() {
      return String(this).trim();
    },
    trimmed() {
      return String(this).trim();
    },
    'repeat:'(times) {
      return String(this).repeat(Number(times));
    },
    'padLeft:to:'(character, width) {
      return String(this).padStart(Number(width), asText(character));
    },
    'padRight:to:'(character, width) {
      return String(this).padEnd(Number(width), asText(character));
    },
    'padLeftTo:with:'(width, character) {
      return String(this).padStart(Number(width), asText(character));
    },
    'padRightTo:with:'(width, character) {
      return String(this).padEnd(Number(width), asText(character));
    },
    sorted() {
      return charactersOf(String(this))
        .sort((a, b) => a.code - b.code)
        .map(asText)
        .join('');
    },
    'printOn:'(stream) {
      return stream._nextPutAll_(`'${String(this).replaceAll("'", "''")}'`);
    },
    storeString() {
      return `'${String(this).replaceAll("'", "''")}'`;
    },
    /** The receiver is the pattern: `*` stands for any text, `#` for one character, case for nothing. */
    'match:'(text) {
      const subject = asText(text);
      // Amber's kernel asks the other way round, with anchored regular expressions.
      if (text instanceof RegExp || subject.startsWith('^')) return new RegExp(text).test(String(this));
      const parts = [...String(this)].map((each) => (each === '*' ? '.*' : each === '#' ? '.' : escaped(each)));
      return new RegExp(`^${parts.join('')}$`, 'isu').test(subject);
    },
    'matchesRegex:'(source) {
      return new RegExp(`^(?:${asText(source)})$`, 's').test(String(this));
    },
    isVowel() {
      return /^[aeiou]$/i.test(String(this));
    },
    isAllDigits() {
      return /^\d+$/.test(String(this));
    },
    expandMacros() {
      return String(this).replaceAll('<n>', '\n').replaceAll('<t>', '\t');
    },
    'format:'(values) {
      return String(this).replace(/\{(\d+)\}/g, (_match, index) => asText(values._at_(Number(index))));
    },
    '%': function (values) {
      return String(this).replace(/%(\d+)/g, (_match, index) => asText(values._at_(Number(index))));
    },
    'caseSensitiveCompareTo:'(other) {
      return String(this) < asText(other) ? -1 : String(this) > asText(other) ? 1 : 0;
    },
    'sameAs:'(other) {
      return String(this).toLowerCase() === asText(other).toLowerCase();
    },
    hash() {
      let hash = 0;
      for (const each of String(this)) hash = (hash * 31 + (each.codePointAt(0) as number)) | 0;
      return hash;
    },
    'value:value:'(receiver, argument) {
      return amber.asReceiver(receiver)._perform_with_(String(this), argument);
    },
  };
  installMethods(amber, globals.String, methods);
  installMethods(amber, globals.String.a$cls, {
    new: () => '',
    'new:'(size) {
      return ' '.repeat(Number(size));
    },
    'with:'(character) {
      return asText(character);
    },
    'with:with:'(first, second) {
      return asText(first) + asText(second);
    },
    'withAll:'(characters) {
      return [...characters._asArray()].map(asText).join('');
    },
    'new:withAll:'(size, character) {
      return asText(character).repeat(Number(size));
    },
    empty: () => '',
  });
  installMethods(amber, globals.Array, {
    'appendToString:'(prefix) {
      const parts = [...this].map((each: St) => {
        const text = each?.a$cls === globals.Character || typeof each === 'string' ? asText(each) : '';
        return text.length === 1 ? text : globals.Error._signal_('Only Characters can be added to a String');
      });
      return prefix + parts.join('');
    },
    'join:'(separator) {
      return [...this].map(asText).join(asText(separator));
    },
  });
}
