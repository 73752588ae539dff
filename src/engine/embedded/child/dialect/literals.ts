/** What the parser makes of literals, and how they come back into compiled code. */
import type { Amber, St } from '../amber.js';
import { installMethods } from '../install.js';
import { characterOf } from './characters.js';
import { integerFrom } from './integers.js';
import { symbolOf } from './symbols.js';

const INTEGER = /^-?\d+$/;
const INTEGER_WITH_EXPONENT = /^(-?\d+)e(\d+)$/;

/** `1e4000` is a number, `1e4000000` a mistake that would fill the memory. */
const MAX_EXPONENT = 10_000;

/** The hooks that the bundle's patches put into Amber's parser. */
export function installLiterals(amber: Amber): void {
  const { core, globals } = amber;
  core.literals = {
    character: (text: string): St => characterOf(amber, text.codePointAt(0) as number),
    symbol: (text: string): St => symbolOf(text),
    number: numberFrom,
    radix: radixAt,
  };
  installMethods(amber, globals.Character, {
    asJavaScriptSource() {
      return `$core.literals.character(${JSON.stringify(String.fromCodePoint(this.code))})`;
    },
  });
  installMethods(amber, globals.Symbol, {
    asJavaScriptSource() {
      return `$core.literals.symbol(${JSON.stringify(String(this))})`;
    },
  });
  installMethods(amber, globals.LargeInteger, {
    asJavaScriptSource() {
      return `(${String(this)}n)`;
    },
  });
}

/** Sign, base, sign, digits, and the digits of a fraction: `16rFF`, `-2r101`, `10r-12.5`. */
const RADIX = /(-?)(\d{1,2})r(-?)([0-9A-Za-z]+)(?:\.([0-9A-Z]+))?/y;

/** The number with a radix that a source holds at an offset; as many of the digits as that base has. */
function radixAt(source: string, offset: number): { readonly value: St; readonly length: number } | undefined {
  RADIX.lastIndex = offset;
  const [text = '', outer = '', baseText = '', inner = '', whole = '', part] = RADIX.exec(source) ?? [];
  const base = Number(baseText);
  if (base < 2 || base > 36) return undefined;
  // Lower case is what follows the number, except where it always was a digit.
  const letters = base === 16 ? whole : whole.replace(/[a-z].*$/, '');
  const digits = digitsOf(letters, base);
  if (digits.length === 0) return undefined;
  const end = text.length - (part === undefined ? 0 : part.length + 1) - (whole.length - digits.length);
  const fraction = part === undefined || digits.length < whole.length ? '' : digitsOf(part, base);
  const sign = (outer === '-') !== (inner === '-') ? -1 : 1;
  const integer = [...digits].reduce((sum, digit) => sum * BigInt(base) + BigInt(Number.parseInt(digit, base)), 0n);
  if (fraction === '') return { value: integerFrom(integer * BigInt(sign)), length: end };
  const value = base === 10 ? Number(`${digits}.${fraction}`) : Number(integer) + fractionOf(fraction, base);
  return { value: sign * value, length: end + 1 + fraction.length };
}

function digitsOf(text: string, base: number): string {
  const end = [...text].findIndex((each) => !(Number.parseInt(each, 36) < base));
  return end === -1 ? text : text.slice(0, end);
}

function fractionOf(digits: string, base: number): number {
  return [...digits].reduceRight((sum, digit) => (sum + Number.parseInt(digit, base)) / base, 0);
}

function numberFrom(text: string): number | bigint {
  if (INTEGER.test(text)) return integerFrom(BigInt(text));
  const [, mantissa, exponent] = INTEGER_WITH_EXPONENT.exec(text) ?? [];
  if (mantissa !== undefined && Number(exponent) <= MAX_EXPONENT) {
    return integerFrom(BigInt(mantissa) * 10n ** BigInt(exponent as string));
  }
  return Number.parseFloat(text);
}
