/** What an inspector shows of an object. */
import type { Inspection } from '../../contract.js';
import type { Amber, St } from './amber.js';
import type { Printer } from './printing.js';
import { classNameOf } from './stack.js';

export function inspect(amber: Amber, printer: Printer, value: St, printLimit: number): Inspection {
  const receiver = amber.asReceiver(value);
  const behavior = receiver.a$cls;
  const names: readonly string[] = typeof receiver === 'object' ? [...behavior._allInstanceVariableNames()] : [];
  const { Collection } = amber.globals;
  return {
    class: classNameOf(behavior),
    printString: printer.print(value, printLimit),
    ...(behavior._includesBehavior_(Collection) ? { size: receiver._size() } : {}),
    instanceVariables: Object.fromEntries(names.map((name) => [name, printer.print(receiver[name], printLimit)])),
  };
}
