/** What the parser makes of literals. */
import type { Amber, St } from './amber.js';

/** The hooks that the bundle's patches put into Amber's parser. */
export function installLiterals(amber: Amber): void {
  amber.core.literals = {
    character: (text: string): St => text,
    symbol: (text: string): St => text,
    number: (text: string): St => Number(text),
    hexadecimal: (sign: string, digits: string): St => Number(`0x${digits}`) * (sign === '-' ? -1 : 1),
  };
}
