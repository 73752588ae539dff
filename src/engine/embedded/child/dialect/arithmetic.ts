/** The arithmetic of the numeric tower: integers, fractions, floats. Pure: knows numbers only as the kinds below. */
import {
  floorDivide,
  floorModulo,
  greatestCommonDivisor,
  type Integer,
  integerFrom,
  isFloat,
  isInteger,
} from './integers.js';

/** In lowest terms, with a denominator greater than one. */
export interface Ratio {
  readonly numerator: Integer;
  readonly denominator: Integer;
}

/** A number as arithmetic sees it. */
export type Operand = Integer | Ratio;

export type Operation = '+' | '-' | '*' | '/';

export class DivisionByZero extends Error {}

export function isRatio(value: unknown): value is Ratio {
  return typeof value === 'object' && value !== null && 'numerator' in value && 'denominator' in value;
}

/** The ratio in lowest terms, as an integer if it is one. @throws {DivisionByZero} */
export function ratio(numerator: Integer, denominator: Integer): Operand {
  if (BigInt(denominator) === 0n) throw new DivisionByZero();
  const divisor = BigInt(greatestCommonDivisor(numerator, denominator)) * (denominator < 0 ? -1n : 1n);
  const [over, under] = [BigInt(numerator) / divisor, BigInt(denominator) / divisor];
  return under === 1n ? integerFrom(over) : { numerator: integerFrom(over), denominator: integerFrom(under) };
}

export function toFloat(value: Operand): number {
  if (!isRatio(value)) return Number(value);
  const quotient = Number(value.numerator) / Number(value.denominator);
  if (Number.isFinite(quotient) && quotient !== 0) return quotient;
  // Both are beyond the range of floats although their ratio may not be.
  const shift = BigInt(Math.max(0, value.denominator.toString(2).length - 1000));
  return Number(BigInt(value.numerator) >> shift) / Number(BigInt(value.denominator) >> shift);
}

/** @throws {DivisionByZero} */
export function calculate(operation: Operation, a: Operand, b: Operand): Operand {
  if (isFloat(a) || isFloat(b)) return calculateFloats(operation, toFloat(a), toFloat(b));
  if (isInteger(a) && isInteger(b)) return calculateIntegers(operation, a, b);
  const [an, ad] = terms(a);
  const [bn, bd] = terms(b);
  switch (operation) {
    case '+':
      return ratio(an * bd + bn * ad, ad * bd);
    case '-':
      return ratio(an * bd - bn * ad, ad * bd);
    case '*':
      return ratio(an * bn, ad * bd);
    case '/':
      return ratio(an * bd, ad * bn);
  }
}

function terms(value: Operand): [bigint, bigint] {
  return isRatio(value) ? [BigInt(value.numerator), BigInt(value.denominator)] : [BigInt(value), 1n];
}

function calculateFloats(operation: Operation, a: number, b: number): number {
  switch (operation) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0) throw new DivisionByZero();
      return a / b;
  }
}

function calculateIntegers(operation: Operation, a: Integer, b: Integer): Operand {
  switch (operation) {
    case '+':
      return integerFrom(BigInt(a) + BigInt(b));
    case '-':
      return integerFrom(BigInt(a) - BigInt(b));
    case '*':
      return integerFrom(BigInt(a) * BigInt(b));
    case '/':
      if (typeof a === 'number' && typeof b === 'number' && a % b === 0) return a / b + 0;
      return ratio(a, b);
  }
}

/** Negative, zero or positive; NaN when they cannot be compared. */
export function compare(a: Operand, b: Operand): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
  if (isFloat(a) || isFloat(b)) return compare(toFloat(a), toFloat(b));
  const [an, ad] = terms(a);
  const [bn, bd] = terms(b);
  const [left, right] = [an * bd, bn * ad];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The largest integer not above. */
export function floor(value: Operand): Operand {
  if (isRatio(value)) return floorDivide(value.numerator, value.denominator);
  return typeof value === 'number' ? wholeFrom(Math.floor(value)) : value;
}

export function truncate(value: Operand): Operand {
  if (isRatio(value)) return integerFrom(BigInt(value.numerator) / BigInt(value.denominator));
  return typeof value === 'number' ? wholeFrom(Math.trunc(value)) : value;
}

/** A whole float as the integer it is; infinities and NaN stay. */
export function wholeFrom(value: number): Integer {
  return Number.isFinite(value) ? integerFrom(BigInt(value)) : value;
}

/** The quotient rounded down and what is left; for fractions and floats, too. @throws {DivisionByZero} */
export function floorDivision(a: Operand, b: Operand): { quotient: Operand; remainder: Operand } {
  if (isInteger(a) && isInteger(b)) {
    if (b === 0) throw new DivisionByZero();
    return { quotient: floorDivide(a, b), remainder: floorModulo(a, b) };
  }
  const quotient = floor(calculate('/', a, b));
  return { quotient, remainder: calculate('-', a, calculate('*', quotient, b)) };
}

/** The quotient rounded towards zero and what is left. @throws {DivisionByZero} */
export function truncatedDivision(a: Operand, b: Operand): { quotient: Operand; remainder: Operand } {
  const quotient = truncate(calculate('/', a, b));
  return { quotient, remainder: calculate('-', a, calculate('*', quotient, b)) };
}

/** A power with a whole exponent, exact for exact bases. @throws {DivisionByZero} */
export function power(base: Operand, exponent: Integer): Operand {
  if (isFloat(base)) return base ** Number(exponent);
  const positive = BigInt(exponent) < 0n ? -BigInt(exponent) : BigInt(exponent);
  const [numerator, denominator] = terms(base);
  const [over, under] = [numerator ** positive, denominator ** positive];
  return exponent < 0 ? ratio(under, over) : ratio(over, under);
}
