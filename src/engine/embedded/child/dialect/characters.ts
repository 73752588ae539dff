/** Characters, which Amber lacks: `$a` is an object of its own there, one for each code point. */
import type { Amber, St } from '../amber.js';
import { installClass, installMethods } from '../install.js';

const NAMES: Readonly<Record<string, number>> = {
  null: 0,
  backspace: 8,
  tab: 9,
  lf: 10,
  newPage: 12,
  cr: 13,
  escape: 27,
  space: 32,
  delete: 127,
};

/** How characters without a glyph print. */
const PRINTED = new Map(Object.entries(NAMES).map(([name, code]) => [code, `Character ${name}`]));

const known = new Map<number, St>();

/** The one Character of a code point. */
export function characterOf(amber: Amber, code: number): St {
  const found = known.get(code);
  if (found !== undefined) return found;
  const made = Object.freeze(Object.assign(amber.globals.Character._basicNew(), { code }));
  known.set(code, made);
  return made;
}

export function installCharacters(amber: Amber): void {
  const { globals } = amber;
  const character = installClass(amber, 'Character', globals.Object, ['code']);
  const text = (receiver: St): St => String.fromCodePoint(receiver.code);
  const single = (changed: string, receiver: St): St =>
    [...changed].length === 1 ? characterOf(amber, changed.codePointAt(0) as number) : receiver;
  const isCharacter = (value: St): boolean => value?.a$cls === character;
  const matching = (pattern: RegExp) =>
    function (this: St): boolean {
      return pattern.test(text(this));
    };
  const ordered = (holds: (a: number, b: number) => boolean) =>
    function (this: St, other: St): St {
      if (isCharacter(other)) return holds(this.code, other.code);
      return globals.Error._signal_('A Character compares with Characters only');
    };
  installMethods(amber, character, {
    value() {
      return this.code;
    },
    asInteger() {
      return this.code;
    },
    asciiValue() {
      return this.code;
    },
    codePoint() {
      return this.code;
    },
    charCode() {
      return this.code;
    },
    hash() {
      return this.code;
    },
    asCharacter() {
      return this;
    },
    asString() {
      return text(this);
    },
    displayString() {
      return text(this);
    },
    asSymbol() {
      return text(this)._asSymbol();
    },
    asJavaScriptObject() {
      return text(this);
    },
    asUppercase() {
      return single(text(this).toUpperCase(), this);
    },
    asLowercase() {
      return single(text(this).toLowerCase(), this);
    },
    digitValue() {
      const digit = Number.parseInt(text(this), 36);
      return Number.isNaN(digit) ? -1 : digit;
    },
    'to:'(last) {
      const codes = Array.from({ length: Math.max(0, last.code - this.code + 1) }, (_, index) => this.code + index);
      return codes.map((code) => characterOf(amber, code));
    },
    isVowel: matching(/^[aeiou]$/i),
    isLetter: matching(/^\p{L}$/u),
    isDigit: matching(/^[0-9]$/),
    isAlphaNumeric: matching(/^[\p{L}0-9]$/u),
    isUppercase: matching(/^\p{Lu}$/u),
    isLowercase: matching(/^\p{Ll}$/u),
    isSeparator: matching(/^\s$/),
    isSpace: matching(/^\s$/),
    isSpecial: matching(/^[+\-/\\*~<>=@%|&?!,]$/),
    isPunctuation: matching(/^[.,:;!?]$/),
    isCharacter: () => true,
    isImmutable: () => true,
    '=': function (other) {
      return this === other;
    },
    '<': ordered((a, b) => a < b),
    '<=': ordered((a, b) => a <= b),
    '>': ordered((a, b) => a > b),
    '>=': ordered((a, b) => a >= b),
    '-': function (other) {
      return this.code - (isCharacter(other) ? other.code : other);
    },
    '+': function (offset) {
      return characterOf(amber, this.code + offset);
    },
    ',': function (other) {
      return text(this) + String(amber.asReceiver(other)._asString());
    },
    'appendToString:'(prefix) {
      return prefix + text(this);
    },
    'putOn:'(stream) {
      return stream._nextPut_(this);
    },
    'printOn:'(stream) {
      return stream._nextPutAll_(PRINTED.get(this.code) ?? `$${text(this)}`);
    },
    'storeOn:'(stream) {
      return this._printOn_(stream);
    },
    copy() {
      return this;
    },
    shallowCopy() {
      return this;
    },
    deepCopy() {
      return this;
    },
    'join:'(collection) {
      return text(this)._join_(collection);
    },
    'repeat:'(times) {
      return text(this).repeat(Number(times));
    },
  });
  const withCode = (code: St): St =>
    Number.isInteger(code) && code >= 0 && code <= 0x10ffff
      ? characterOf(amber, code)
      : globals.Error._signal_(`${String(amber.asReceiver(code)._printString())} is no code of a Character`);
  const named = Object.fromEntries(Object.entries(NAMES).map(([name, code]) => [name, () => characterOf(amber, code)]));
  installMethods(amber, character.a$cls, {
    ...named,
    nl: () => characterOf(amber, 10),
    'value:': withCode,
    'codePoint:': withCode,
    'digitValue:'(digit) {
      return characterOf(amber, Number(digit).toString(36).toUpperCase().codePointAt(0) as number);
    },
    new() {
      return globals.Error._signal_('Characters are made with value:');
    },
  });
  installMethods(amber, globals.Object, { isCharacter: () => false });
}
