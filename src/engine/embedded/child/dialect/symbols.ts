/**
 * Symbols, which are plain strings in Amber. Here they are String objects of a class of their own, one for each name,
 * so that they still work wherever Amber's kernel expects a string.
 */
import type { Amber, St } from '../amber.js';
import { installMethods, installNativeClass } from '../install.js';

/** A native subclass of String: the methods of Amber's String come with the prototype. */
class SymbolString extends String {
  /** Amber's sets would take the primitive for the element. */
  override valueOf(): St {
    return this;
  }
}

const known = new Map<string, St>();

/** The one Symbol of a name. */
export function symbolOf(name: string): St {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made = Object.freeze(new SymbolString(name));
  known.set(name, made);
  return made;
}

export function installSymbols(amber: Amber): void {
  const { globals } = amber;
  const symbol = installNativeClass(amber, 'Symbol', globals.String, SymbolString);
  installMethods(amber, symbol, {
    asSymbol() {
      return this;
    },
    asString() {
      return String(this);
    },
    displayString() {
      return String(this);
    },
    isSymbol: () => true,
    '==': function (other) {
      return this === other;
    },
    'printOn:'(stream) {
      return this._asSymbolPrintOn_(stream);
    },
    'asSymbolPrintOn:'(stream) {
      const name: St = String(this);
      const plain = name._isSelector() || /^([a-zA-Z][a-zA-Z0-9]*:?)+$/.test(name);
      return stream._nextPutAll_(plain ? `#${name}` : `#'${name.replaceAll("'", "''")}'`);
    },
    numArgs() {
      const name: St = String(this);
      return /^[a-zA-Z]/.test(name) ? name.split(':').length - 1 : 1;
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
    'value:'(receiver) {
      return amber.asReceiver(receiver)._perform_(String(this));
    },
    'value:value:'(receiver, argument) {
      return amber.asReceiver(receiver)._perform_with_(String(this), argument);
    },
    'cull:'(receiver) {
      return this._value_(receiver);
    },
  });
  installMethods(amber, symbol.a$cls, {
    new() {
      return globals.Error._signal_('Symbols are made with asSymbol');
    },
    'with:'(character) {
      return symbolOf(String(character._asString()));
    },
  });
  installMethods(amber, globals.String, {
    asSymbol() {
      return symbolOf(String(this));
    },
    'asSymbolPrintOn:'(stream) {
      return symbolOf(String(this))._asSymbolPrintOn_(stream);
    },
  });
}
