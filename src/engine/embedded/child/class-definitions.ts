/** The ways other Smalltalks define classes and compile methods, which files from there use. */
import type { Amber, St } from './amber.js';
import { positionAt, type WorkspaceCompiler } from './compiler.js';
import { installMethods } from './install.js';
import { SourceError } from './source-error.js';
import { declareClassVariables } from './state/classes.js';

const DEFAULT_PROTOCOL = 'as yet unclassified';

export function installClassDefinitions(amber: Amber, compiler: WorkspaceCompiler): void {
  const { globals } = amber;

  const define = (superclass: St, name: St, slots: readonly string[], variables: readonly string[], pkg: St): St => {
    const packageName = pkg == null || pkg === amber.nil || String(pkg) === '' ? 'unclassified' : String(pkg);
    const className = String(name);
    if (!/^[A-Z][A-Za-z0-9]*$/.test(className)) {
      return globals.Error._signal_(`${className} is no class name: it must be a capital and letters or digits`);
    }
    const made = globals.ClassBuilder._new()._superclass_subclass_slots_package_(
      superclass,
      className,
      slots.map(String),
      packageName,
    );
    declareClassVariables(made, variables.map(String));
    return made;
  };

  const definitions: Record<string, (this: St, ...args: St[]) => St> = {
    'subclass:'(name) {
      return define(this, name, [], [], null);
    },
    'subclass:category:'(name, pkg) {
      return define(this, name, [], [], pkg);
    },
    'subclass:package:'(name, pkg) {
      return define(this, name, [], [], pkg);
    },
    'subclass:instanceVariableNames:'(name, slots) {
      return define(this, name, words(slots), [], null);
    },
    'subclass:slots:'(name, slots) {
      return define(this, name, slots, [], null);
    },
    'subclass:slots:category:'(name, slots, pkg) {
      return define(this, name, slots, [], pkg);
    },
    'subclass:slots:classVariables:package:'(name, slots, variables, pkg) {
      return define(this, name, slots, variables, pkg);
    },
  };
  for (const place of ['package:', 'category:']) {
    definitions[`subclass:slots:${place}`] = function (name, slots, pkg) {
      return define(this, name, slots, [], pkg);
    };
    definitions[`subclass:instanceVariableNames:${place}`] = function (name, slots, pkg) {
      return define(this, name, words(slots), [], pkg);
    };
    definitions[`subclass:instanceVariableNames:classVariableNames:${place}`] = function (name, slots, vars, pkg) {
      return define(this, name, words(slots), words(vars), pkg);
    };
    definitions[`subclass:instanceVariableNames:classVariableNames:poolDictionaries:${place}`] = function (
      name,
      slots,
      variables,
      _pools,
      pkg,
    ) {
      return define(this, name, words(slots), words(variables), pkg);
    };
  }
  for (const each of [globals.Class, globals.UndefinedObject]) installMethods(amber, each, definitions);

  const compile = (behavior: St, source: string, protocol: string): St => {
    try {
      return compiler.install(source, behavior, protocol);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const { line, column } = positionAt(source, error.offset);
      return globals[error.smalltalkClass === 'SyntaxError' ? 'ParseError' : 'SemanticError']._signal_(
        `${error.message} (line ${line}, column ${column} of the method)`,
      );
    }
  };
  const compileIn = function (this: St, source: St, protocol: St): St {
    return compile(this, String(source), String(protocol));
  };
  installMethods(amber, globals.Behavior, {
    'compile:'(source) {
      return compile(this, String(source), DEFAULT_PROTOCOL);
    },
    'compile:protocol:': compileIn,
    'compile:classified:': compileIn,
    'compile:category:': compileIn,
    'addInstVarNamed:'(name) {
      amber.core.setSlots(this, [...this.slots, String(name)]);
      this._recompile();
      return this;
    },
    'removeSelector:'(selector) {
      const method = this.localMethods[String(selector)];
      if (method !== undefined) this._removeCompiledMethod_(method);
      return this;
    },
  });

  installMethods(amber, globals.Class, {
    'instanceVariableNames:'(slots) {
      amber.core.setSlots(this, words(slots));
      this._recompile();
      return this;
    },
    'addClassVarNamed:'(name) {
      declareClassVariables(this, [...Object.keys(this.classVariables ?? {}), String(name)]);
      return this;
    },
    removeFromSystem() {
      globals.Smalltalk._removeClass_(this);
      return amber.nil;
    },
  });

  installClassVariables(amber);
  installMigration(amber);
}

/** Methods see the class variables of their class and its superclasses, on either side. */
function installClassVariables(amber: Amber): void {
  const { globals } = amber;
  const bind = globals.SemanticAnalyzer.fn.prototype._bindUnscopedVariable_;
  installMethods(amber, globals.SemanticAnalyzer, {
    'bindUnscopedVariable:'(name) {
      const behavior = this.theClass;
      let owner = behavior?.meta === true ? behavior.instanceClass : behavior;
      for (; owner != null; owner = owner.superclass) {
        if (owner.classVariables !== undefined && name in owner.classVariables) {
          return Object.assign(globals.StuiClassVariable._new()._name_(name), { owner: owner.name });
        }
      }
      return bind.call(this, name);
    },
    'isVariableKnown:inPackage:'(name, pkg) {
      const imports: readonly St[] = pkg == null || pkg === amber.nil ? [] : pkg._imports()._asArray();
      return name in globalThis || imports.some((each) => each?.key === name);
    },
  });
  const variable = amber.core.addClass('StuiClassVariable', globals.SlotVar, 'STUI');
  installMethods(amber, variable, {
    alias() {
      return `$globals.${this.owner}.classVariables.${this.name}`;
    },
  });
}

/**
 * When a class gets another superclass Amber makes a new class and leaves the instances with the old one. Here the old
 * one's prototype becomes an empty shell in front of the new one's, so that they are instances of the new class.
 */
function installMigration(amber: Amber): void {
  const { globals } = amber;
  const migrate = globals.ClassBuilder.fn.prototype._migrateClassNamed_superclass_slots_package_;
  installMethods(amber, globals.ClassBuilder, {
    'migrateClassNamed:superclass:slots:package:'(name, superclass, slots, pkg) {
      const before = globals[name].fn.prototype;
      const made = migrate.call(this, name, superclass, slots, pkg);
      for (const key of Object.getOwnPropertyNames(before)) delete before[key];
      Object.setPrototypeOf(before, made.fn.prototype);
      return made;
    },
  });
}

function words(text: St): string[] {
  return String(text)
    .split(/\s+/)
    .filter((word) => word !== '');
}
