/** What an inspector shows of an object. */
import type { Inspection } from '../../contract.js';
import type { Amber, St } from './amber.js';
import type { Printer } from './printing.js';
import { classNameOf } from './stack.js';

export function inspect(amber: Amber, printer: Printer, value: St, printLimit: number): Inspection {
  const receiver = amber.asReceiver(value);
  const behavior = receiver.a$cls;
  const size = sizeOf(amber, value);
  const names: readonly string[] = typeof receiver === 'object' ? [...behavior._allInstanceVariableNames()] : [];
  return {
    class: classNameOf(behavior),
    printString: printer.print(value, printLimit),
    ...(size === undefined ? {} : { size }),
    instanceVariables: Object.fromEntries(names.map((name) => [name, printer.print(receiver[name], printLimit)])),
  };
}

/** @returns the number of elements of a collection; undefined for everything else */
export function sizeOf(amber: Amber, value: St): number | undefined {
  const receiver = amber.asReceiver(value);
  if (!receiver.a$cls._includesBehavior_(amber.globals.Collection)) return undefined;
  const size = receiver._size();
  return typeof size === 'number' ? size : undefined;
}
