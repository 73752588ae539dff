/** Everything that brings Amber's dialect closer to other Smalltalks. */
import type { Amber, St } from '../amber.js';
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
  installHashes(amber);
}

/** Amber has no hashes; code from elsewhere that defines `hash` sends it to the parts. */
function installHashes(amber: Amber): void {
  const { globals } = amber;
  const hashes = new WeakMap<St, number>();
  let last = 0;
  const identityHash = function (this: St): number {
    const known = hashes.get(this);
    if (known !== undefined) return known;
    last += 1;
    hashes.set(this, last);
    return last;
  };
  installMethods(amber, globals.Object, { hash: identityHash, identityHash });
  installMethods(amber, globals.SequenceableCollection, {
    hash() {
      let hash = 17;
      this._do_((each: St) => {
        hash = (hash * 31 + amber.asReceiver(each)._hash()) | 0;
      });
      return hash;
    },
  });
  installMethods(amber, globals.UndefinedObject, { hash: () => 0 });
  installMethods(amber, globals.Boolean, {
    hash() {
      return this.valueOf() === true ? 1 : 2;
    },
  });
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
