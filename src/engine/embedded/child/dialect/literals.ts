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
    hexadecimal: (sign: string, digits: string): St => integerFrom(BigInt(`0x${digits}`) * (sign === '-' ? -1n : 1n)),
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

function numberFrom(text: string): number | bigint {
  if (INTEGER.test(text)) return integerFrom(BigInt(text));
  const [, mantissa, exponent] = INTEGER_WITH_EXPONENT.exec(text) ?? [];
  if (mantissa !== undefined && Number(exponent) <= MAX_EXPONENT) {
    return integerFrom(BigInt(mantissa) * 10n ** BigInt(exponent as string));
  }
  return Number.parseFloat(text);
}
