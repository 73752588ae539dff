/** Everything that brings Amber's dialect closer to other Smalltalks. */
import type { Amber } from '../amber.js';
import { installMethods } from '../install.js';
import type { Printer } from '../printing.js';
import { installCharacters } from './characters.js';
import { installCollections } from './collections.js';
import { installLiterals } from './literals.js';
import { installNumbers } from './numbers.js';
import { installStrings } from './strings.js';
import { installSymbols } from './symbols.js';

export { DIALECT_SOURCE } from './source.js';

export function installDialect(amber: Amber, printer: Printer): void {
  installCharacters(amber);
  installSymbols(amber);
  installNumbers(amber);
  installCollections(amber, printer);
  installStrings(amber);
  installLiterals(amber);
  installTime(amber);
}

function installTime(amber: Amber): void {
  installMethods(amber, amber.globals.Date.a$cls, {
    'millisecondsToRun:'(block) {
      const started = performance.now();
      block._value();
      return Math.round(performance.now() - started);
    },
    millisecondClockValue: () => Math.round(performance.now()),
  });
}
