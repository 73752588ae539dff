/** Exact integers and fractions for Amber, whose numbers are JavaScript's doubles. */
import type { Amber, St } from '../amber.js';
import { type Body, inFrame, installClass, installMethods } from '../install.js';
import {
  calculate,
  compare,
  DivisionByZero,
  floor,
  floorDivision,
  isRatio,
  type Operand,
  type Operation,
  power,
  toFloat,
  truncate,
  truncatedDivision,
  wholeFrom,
} from './arithmetic.js';
import {
  greatestCommonDivisor,
  type Integer,
  integerFrom,
  integerSquareRoot,
  isFloat,
  isInteger,
  isPrime,
} from './integers.js';

/** Names of other Smalltalks for what are all Numbers here. */
const ALIASES = ['Integer', 'SmallInteger', 'Float'];

/** Of the bits in one result; more would exhaust the memory before the timeout strikes. */
const MAX_BITS = 50_000_000;

export function installNumbers(amber: Amber): void {
  const { globals, core } = amber;
  const large = installClass(amber, 'LargeInteger', globals.Number);
  const fraction = installClass(amber, 'Fraction', globals.Number, ['numerator', 'denominator']);
  core.setClassConstructor(large, BigInt);
  // Amber's sets ask every element for its primitive; a fraction is its own.
  Object.defineProperty(fraction.fn.prototype, 'valueOf', {
    value(this: St) {
      return this;
    },
  });
  for (const alias of ALIASES) core.alias(globals.Number, alias);

  /** The number as an operand; undefined for what is none. */
  const operand = (value: St): Operand | undefined => {
    if (typeof value === 'number' || typeof value === 'bigint') return value;
    if (value?.a$cls === fraction) return value;
    return value instanceof Number ? value.valueOf() : undefined;
  };
  const result = (value: Operand): St =>
    isRatio(value) && (value as St).a$cls === undefined ? Object.assign(fraction._basicNew(), value) : value;
  const self = (receiver: St): Operand => operand(receiver) as Operand;
  const guarded = (dividend: St, selector: string, action: () => Operand): St => {
    try {
      return result(action());
    } catch (error) {
      if (!(error instanceof DivisionByZero)) throw error;
      return inFrame(amber, dividend, selector, () => globals.ZeroDivide._signalOn_(dividend));
    }
  };
  const notANumber = (value: St, kind = 'a number'): St =>
    globals.Error._signal_(`${String(amber.asReceiver(value)._printString())} is not ${kind}`);
  const integer = (value: St): Integer => {
    const number = operand(value);
    return isInteger(number) ? number : notANumber(value, 'an integer');
  };

  /** What is not a number decides for itself how a number is combined with it: points do. */
  const arithmetic = (operation: Operation, forOthers: string): Body =>
    function (other) {
      const a = self(this);
      const b = operand(other);
      if (b === undefined) {
        const receiver = amber.asReceiver(other);
        if (receiver[forOthers] !== globals.Object.fn.prototype[forOthers]) return receiver[forOthers](this);
        return inFrame(amber, this, operation, () => notANumber(other));
      }
      if (typeof a === 'number' && typeof b === 'number' && operation !== '/') {
        const quick = operation === '+' ? a + b : operation === '-' ? a - b : a * b;
        if (Number.isSafeInteger(quick) || !Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return quick;
      }
      return guarded(this, operation, () => calculate(operation, a, b));
    };
  const comparison = (holds: (order: number) => boolean, forOthers: string): Body =>
    function (other) {
      const b = operand(other);
      if (b !== undefined) return holds(compare(self(this), b));
      const receiver = amber.asReceiver(other);
      if (receiver[forOthers] !== globals.Object.fn.prototype[forOthers]) return receiver[forOthers](this);
      return notANumber(other);
    };
  const dividing = (selector: string, pick: (a: Operand, b: Operand) => Operand): Body =>
    function (other) {
      const b = operand(other);
      if (b === undefined) return inFrame(amber, this, selector, () => notANumber(other));
      return guarded(this, selector, () => pick(self(this), b));
    };
  const bitwise = (combine: (a: bigint, b: bigint) => bigint): Body =>
    function (other) {
      return integerFrom(combine(BigInt(integer(this)), BigInt(integer(other))));
    };
  const shifted = (value: St, bits: number): St => {
    if (bits > MAX_BITS) return globals.Error._signal_(`A result of ${bits} bits is too large`);
    const shifting = BigInt(Math.abs(bits));
    const whole = BigInt(integer(value));
    return integerFrom(bits < 0 ? whole >> shifting : whole << shifting);
  };
  const floatFunction = (apply: (value: number) => number): Body =>
    function () {
      return apply(toFloat(self(this)));
    };

  const methods: Record<string, Body> = {
    '+': arithmetic('+', '_plusSelfToNumber_'),
    '-': arithmetic('-', '_minusSelfToNumber_'),
    '*': arithmetic('*', '_timesSelfToNumber_'),
    '/': arithmetic('/', '_divideBySelfToNumber_'),
    '//': dividing('//', (a, b) => floorDivision(a, b).quotient),
    '\\\\': dividing('\\\\', (a, b) => floorDivision(a, b).remainder),
    'quo:': dividing('quo:', (a, b) => truncatedDivision(a, b).quotient),
    'rem:': dividing('rem:', (a, b) => truncatedDivision(a, b).remainder),
    '<': comparison((order) => order < 0, '_isNumberLessThanSelf_'),
    '<=': comparison((order) => order <= 0, '_isNumberLessThanOrEqualToSelf_'),
    '>': comparison((order) => order > 0, '_isNumberGreaterThanSelf_'),
    '>=': comparison((order) => order >= 0, '_isNumberGreaterThanOrEqualToSelf_'),
    '='(other) {
      const b = operand(other);
      return b !== undefined && compare(self(this), b) === 0;
    },
    '=='(other) {
      const [a, b] = [self(this), operand(other)];
      return isRatio(a) ? this === other : b !== undefined && !isRatio(b) && a === b;
    },
    abs() {
      return this.__lt(0) ? this._negated() : this.valueOf();
    },
    negated() {
      return result(calculate('-', 0, self(this)));
    },
    reciprocal() {
      return guarded(1, 'reciprocal', () => calculate('/', 1, self(this)));
    },
    floor() {
      return result(floor(self(this)));
    },
    ceiling() {
      return result(calculate('-', 0, floor(calculate('-', 0, self(this)))));
    },
    truncated() {
      return result(truncate(self(this)));
    },
    rounded() {
      const value = self(this);
      if (isInteger(value)) return value;
      const half = calculate('/', compare(value, 0) < 0 ? -1 : 1, 2);
      return result(truncate(calculate('+', value, isFloat(value) ? toFloat(half) : half)));
    },
    'roundTo:'(unit) {
      return this.__slash(unit)._rounded().__star(unit);
    },
    'truncateTo:'(unit) {
      return this._quo_(unit).__star(unit);
    },
    asInteger() {
      return result(truncate(self(this)));
    },
    asFloat() {
      return toFloat(self(this));
    },
    asNumber() {
      return this.valueOf();
    },
    asString() {
      return printed(self(this));
    },
    'printOn:'(stream) {
      return stream._nextPutAll_(printed(self(this)));
    },
    displayString() {
      return printed(self(this));
    },
    'printString:'(base) {
      return baseString(self(this), Number(base));
    },
    'printStringBase:'(base) {
      return baseString(self(this), Number(base));
    },
    'printStringRadix:'(base) {
      return `${Number(base)}r${baseString(self(this), Number(base))}`;
    },
    'radix:'(base) {
      return `${Number(base)}r${baseString(self(this), Number(base))}`;
    },
    hex() {
      return `16r${baseString(self(this), 16)}`;
    },
    'printPaddedWith:to:'(character, width) {
      return baseString(self(this), 10).padStart(Number(width), String(character._asString()));
    },
    'printOn:base:'(stream, base) {
      return stream._nextPutAll_(baseString(self(this), Number(base)));
    },
    isInteger() {
      return isInteger(self(this));
    },
    isFloat() {
      return isFloat(self(this));
    },
    isFraction() {
      return isRatio(self(this));
    },
    isRational() {
      return !isFloat(self(this));
    },
    numerator() {
      const value = self(this);
      return isRatio(value) ? value.numerator : value;
    },
    denominator() {
      const value = self(this);
      return isRatio(value) ? value.denominator : 1;
    },
    fractionPart() {
      return this.__minus(this._truncated());
    },
    integerPart() {
      return this._truncated();
    },
    even() {
      return this.__backslash_backslash(2) === 0;
    },
    odd() {
      return this.__backslash_backslash(2) !== 0;
    },
    isPrime() {
      return isPrime(integer(this));
    },
    'gcd:'(other) {
      return greatestCommonDivisor(integer(this), integer(other));
    },
    'lcm:'(other) {
      const [a, b] = [integer(this), integer(other)];
      if (BigInt(a) === 0n || BigInt(b) === 0n) return 0;
      const multiple = (BigInt(a) / BigInt(greatestCommonDivisor(a, b))) * BigInt(b);
      return integerFrom(multiple < 0n ? -multiple : multiple);
    },
    factorial() {
      const value = integer(this);
      if (value < 0) return globals.Error._signal_('factorial is not defined for negative integers');
      let product = 1n;
      for (let factor = 2n; factor <= BigInt(value); factor += 1n) {
        core.checkInterrupt();
        product *= factor;
      }
      return integerFrom(product);
    },
    'raisedTo:'(exponent) {
      const [base, other] = [self(this), operand(exponent)];
      if (other === undefined) return notANumber(exponent);
      if (!isInteger(other)) return toFloat(base) ** toFloat(other);
      const bits = isInteger(base) ? base.toString(2).length * Math.abs(Number(other)) : 0;
      if (bits > MAX_BITS) return globals.Error._signal_(`A result of ${bits} bits is too large`);
      return guarded(this, 'raisedTo:', () => power(base, other));
    },
    'raisedTo:mod:'(exponent, modulus) {
      return integerFrom(powerModulo(BigInt(integer(this)), BigInt(integer(exponent)), BigInt(integer(modulus))));
    },
    sqrt() {
      const value = self(this);
      if (compare(value, 0) < 0) return globals.ArithmeticError._signal_('sqrt is not defined for negative numbers');
      const root = isInteger(value) ? integerSquareRoot(BigInt(value)) : undefined;
      return root !== undefined && root * root === BigInt(value as Integer)
        ? integerFrom(root)
        : Math.sqrt(toFloat(value));
    },
    sqrtFloor() {
      return integerFrom(integerSquareRoot(BigInt(integer(this))));
    },
    'bitAnd:': bitwise((a, b) => a & b),
    'bitOr:': bitwise((a, b) => a | b),
    'bitXor:': bitwise((a, b) => a ^ b),
    '&': bitwise((a, b) => a & b),
    '|': bitwise((a, b) => a | b),
    bitInvert() {
      return integerFrom(~BigInt(integer(this)));
    },
    bitNot() {
      return integerFrom(~BigInt(integer(this)));
    },
    'bitShift:'(bits) {
      return shifted(this, Number(bits));
    },
    '<<'(bits) {
      return shifted(this, Number(bits));
    },
    '>>'(bits) {
      return shifted(this, -Number(bits));
    },
    'bitAt:'(index) {
      return Number((BigInt(integer(this)) >> BigInt(Number(index) - 1)) & 1n);
    },
    highBit() {
      const value = integer(this);
      return value > 0 ? value.toString(2).length : 0;
    },
    asCharacter() {
      return core.literals.character(String.fromCodePoint(Number(integer(this))));
    },
    isZero() {
      return compare(self(this), 0) === 0;
    },
    sign() {
      return Math.sign(compare(self(this), 0));
    },
    negative() {
      return compare(self(this), 0) < 0;
    },
    positive() {
      return compare(self(this), 0) >= 0;
    },
    strictlyPositive() {
      return compare(self(this), 0) > 0;
    },
    isNaN: floatTest(Number.isNaN),
    isInfinite: floatTest((value) => Math.abs(value) === Number.POSITIVE_INFINITY),
    numberOfDigits() {
      return baseString(self(this), 10).replace('-', '').length;
    },
    hash() {
      return Number(BigInt.asIntN(30, BigInt(Math.trunc(toFloat(self(this))) || 0)));
    },
    copy() {
      return this.valueOf();
    },
    deepCopy() {
      return this.valueOf();
    },
    shallowCopy() {
      return this.valueOf();
    },
    squared() {
      return this.__star(this.valueOf());
    },
    'isNumberEqualToSelf:'(other) {
      return compare(self(this), operand(other) ?? Number.NaN) === 0;
    },
    exp: floatFunction(Math.exp),
    ln: floatFunction(Math.log),
    log: floatFunction(Math.log10),
    sin: floatFunction(Math.sin),
    cos: floatFunction(Math.cos),
    tan: floatFunction(Math.tan),
    'log:'(base) {
      return Math.log(toFloat(self(this))) / Math.log(toFloat(self(base)));
    },
    'printShowingDecimalPlaces:'(places) {
      return toFloat(self(this)).toFixed(Number(places));
    },
    asStringWithCommas() {
      return printed(self(this)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
    },
  };

  function floatTest(holds: (value: number) => boolean): Body {
    return function () {
      const value = self(this);
      return typeof value === 'number' && holds(value);
    };
  }

  const greaterOrEqual = methods['>='] as Body;
  methods['max:'] = function (other) {
    return greaterOrEqual.call(this, other) === true ? this.valueOf() : other;
  };
  methods['min:'] = function (other) {
    return greaterOrEqual.call(this, other) === true ? other : this.valueOf();
  };
  installMethods(amber, globals.Number, methods);
  installMethods(amber, fraction, {
    'printOn:'(stream) {
      return stream._nextPutAll_(`(${printed(self(this))})`);
    },
  });
  installMethods(amber, fraction.a$cls, {
    'numerator:denominator:'(numerator, denominator) {
      return guarded(numerator, '/', () => calculate('/', self(numerator), self(denominator)));
    },
  });
  installMethods(amber, globals.Number.a$cls, {
    infinity: () => Number.POSITIVE_INFINITY,
    nan: () => Number.NaN,
    fmax: () => Number.MAX_VALUE,
    maxVal: () => Number.MAX_SAFE_INTEGER,
    minVal: () => Number.MIN_SAFE_INTEGER,
    'readFrom:'(source) {
      return readNumber(String(source)) ?? globals.Error._signal_(`${String(source)} is not a number`);
    },
    'readFrom:base:'(source, base) {
      return readInteger(String(source), Number(base));
    },
  });
  installMethods(amber, globals.String, {
    asNumber() {
      return readNumber(String(this)) ?? amber.nil;
    },
    asInteger() {
      const number = readNumber(String(this));
      return number === undefined ? amber.nil : result(truncate(number));
    },
  });
}

function readNumber(text: string): Integer | undefined {
  const digits = /^\s*([-+]?\d+)\s*$/.exec(text)?.[1];
  if (digits !== undefined) return integerFrom(BigInt(digits));
  const number = /^\s*[-+]?\d+(\.\d+)?(e[-+]?\d+)?/.exec(text)?.[0];
  return number === undefined ? undefined : Number.parseFloat(number);
}

function readInteger(text: string, base: number): Integer {
  let value = 0n;
  for (const digit of text.trim().replace(/^-/, '')) {
    value = value * BigInt(base) + BigInt(Number.parseInt(digit, base));
  }
  return integerFrom(text.trim().startsWith('-') ? -value : value);
}

function printed(value: Operand): string {
  if (isRatio(value)) return `${value.numerator}/${value.denominator}`;
  if (!isFloat(value)) return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return String(value).replace('e+', 'e');
}

function baseString(value: Operand, base: number): string {
  if (isRatio(value)) return `${baseString(value.numerator, base)}/${baseString(value.denominator, base)}`;
  return (isFloat(value) && Number.isInteger(value) ? wholeFrom(value) : value).toString(base).toUpperCase();
}

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [product, factor, rest] = [1n, base % modulus, exponent];
  for (; rest > 0n; rest >>= 1n) {
    if (rest & 1n) product = (product * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return product;
}
