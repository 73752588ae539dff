/** `Smalltalk at:` and its kin: the session's variables and Amber's globals as one dictionary. */
import type { Amber, St } from './amber.js';
import { installMethods } from './install.js';
import type { Workspace } from './workspace.js';

export function installGlobals(amber: Amber, workspace: Workspace): void {
  const { globals } = amber;
  const isKnown = (name: string): boolean => workspace.has(name) || Object.hasOwn(globals, name);
  const lookUp = (name: string): St => (workspace.has(name) ? workspace.get(name) : globals[name]);
  installMethods(amber, globals.SmalltalkImage, {
    'at:put:'(name, value) {
      const key = String(name);
      if (workspace.isSystemName(key)) {
        return globals.Error._signal_(`${key} belongs to the system and cannot be replaced`);
      }
      if (!/^[A-Za-z][A-Za-z0-9]*$/.test(key)) return globals.Error._signal_(`${key} is not a variable name`);
      workspace.set(key, value);
      return value;
    },
    'at:'(name) {
      if (isKnown(String(name))) return lookUp(String(name));
      return globals.NotFound._signal_(`Smalltalk has no ${String(name)}`);
    },
    'at:ifAbsent:'(name, block) {
      return isKnown(String(name)) ? lookUp(String(name)) : block._value();
    },
    'at:ifPresent:'(name, block) {
      return isKnown(String(name)) ? block._value_(lookUp(String(name))) : amber.nil;
    },
    'at:ifAbsentPut:'(name, block) {
      return isKnown(String(name)) ? lookUp(String(name)) : this._at_put_(name, block._value());
    },
    'includesKey:'(name) {
      return isKnown(String(name));
    },
    'removeKey:'(name) {
      return this._removeKey_ifAbsent_(name, () =>
        globals.NotFound._signal_(`The session has no variable ${String(name)}`),
      );
    },
    'removeKey:ifAbsent:'(name, block) {
      if (!workspace.has(String(name))) return block._value();
      const value = workspace.get(String(name));
      workspace.remove(String(name));
      return value;
    },
  });
}
