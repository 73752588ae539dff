/** Integers are JavaScript numbers as long as those are exact, and BigInts beyond; results come back to the small. */

export type Integer = number | bigint;

/** The same integer in the representation it must have: two representations of one number would not be identical. */
export function integerFrom(value: bigint): Integer {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** A double beyond the exact range is a float, however whole it looks. */
export function isInteger(value: unknown): value is Integer {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

export function isFloat(value: unknown): value is number {
  return typeof value === 'number' && !Number.isSafeInteger(value);
}

/** Rounds towards negative infinity. The divisor is not zero. */
export function floorDivide(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const multiple = a - (floorModulo(a, b) as number);
    if (Number.isSafeInteger(multiple)) return multiple / b;
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  const quotient = x / y;
  return integerFrom(x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient);
}

/** Has the sign of the divisor, which is not zero. */
export function floorModulo(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const remainder = a % b;
    return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder + 0;
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  const remainder = x % y;
  return integerFrom(remainder !== 0n && remainder < 0n !== y < 0n ? remainder + y : remainder);
}

export function greatestCommonDivisor(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    let [x, y] = [Math.abs(a), Math.abs(b)];
    while (y !== 0) [x, y] = [y, x % y];
    return x;
  }
  let [x, y] = [magnitude(BigInt(a)), magnitude(BigInt(b))];
  while (y !== 0n) [x, y] = [y, x % y];
  return integerFrom(x);
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The largest integer whose square is not larger. */
export function integerSquareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let estimate = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (estimate + value / estimate) >> 1n;
    if (next >= estimate) return estimate;
    estimate = next;
  }
}

export function isPrime(value: Integer): boolean {
  if (value < 4) return value > 1;
  const candidate = BigInt(value);
  if (candidate % 2n === 0n || candidate % 3n === 0n) return false;
  if (typeof value === 'number') {
    for (let divisor = 5; divisor * divisor <= value; divisor += 6) {
      if (value % divisor === 0 || value % (divisor + 2) === 0) return false;
    }
    return true;
  }
  for (let divisor = 5n; divisor * divisor <= candidate; divisor += 6n) {
    if (candidate % divisor === 0n || candidate % (divisor + 2n) === 0n) return false;
  }
  return true;
}
