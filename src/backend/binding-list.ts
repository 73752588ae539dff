/** The bindings of a workspace as a list: what an engine says of their values, and how each would come back. */
import type { BindingInfo } from '../engine/contract.js';
import type { Binding } from '../protocol/documents.js';
import { planRestore } from '../session/restore-plan.js';
import type { SessionState } from '../session/state.js';

/** @param values what the engine holds; nothing where none runs */
export function bindingList(state: SessionState, values: readonly BindingInfo[]): Binding[] {
  const byName = new Map(values.map((value) => [value.name, value]));
  const { bindings } = planRestore(state, { live: false, strategy: 'snapshot' });
  const reports = new Map(bindings.map((report) => [report.name, report]));
  const names = [...new Set([...byName.keys(), ...reports.keys()])].sort();
  return names.map((name): Binding => {
    const value = byName.get(name);
    const report = reports.get(name);
    const unsaved = value?.unsavedReason;
    const unreported = unsaved === undefined ? 'not saved yet' : `cannot be saved: it ${unsaved}`;
    return {
      name,
      class: value?.class ?? null,
      printString: value?.printString ?? null,
      size: value?.size ?? null,
      fidelity: report?.fidelity ?? 'lost',
      reason: report?.reason ?? (report && unsaved === undefined ? null : unreported),
    };
  });
}
