/** What Stryker lacks: it tries every change or those of a range of lines, and knows no sample. */
import { relative, sep } from 'node:path';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { isSampled } from './sample.mjs';

/** A checker says which changes are worth a run of tests; its one word for "no" is an error of the compiler. */
function sampling() {
  return {
    async init() {},
    async check(mutants) {
      return Object.fromEntries(
        mutants.map((mutant) => {
          const { line, column } = mutant.location.start;
          const taken = isSampled(described(mutant, line + 1, column + 1));
          return [mutant.id, taken ? { status: 'passed' } : { status: 'compileError', reason: 'not in this sample' }];
        }),
      );
    },
  };
}

/** Prints each change that no test has seen, and what came of all. */
function reporting() {
  const counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 };
  return {
    onMutantTested(mutant) {
      const { line, column } = mutant.location.start;
      const change = described(mutant, line, column);
      if (!(mutant.status in counts) || !isSampled(change)) return;
      counts[mutant.status] += 1;
      const seen = mutant.status === 'Killed' || mutant.status === 'Timeout';
      const place = `${change.file}:${line}:${column}`;
      console.log(
        `${seen ? 'seen    ' : 'NOT SEEN'}  ${place}  ${change.mutator}: ${change.replacement} (${mutant.status})`,
      );
    },
    onMutationTestReportReady() {
      const { Killed, Timeout, Survived, NoCoverage } = counts;
      const tried = Killed + Timeout + Survived + NoCoverage;
      console.log(
        `${tried} changes tried: ${Killed} failed a test, ${Timeout} ran for ever, ` +
          `${Survived} were not seen, ${NoCoverage} are in lines that no test runs`,
      );
    },
  };
}

function described({ fileName, mutatorName, replacement }, line, column) {
  return {
    file: relative(process.cwd(), fileName).split(sep).join('/'),
    line,
    column,
    mutator: mutatorName,
    replacement,
  };
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.Checker, 'sample', sampling),
  declareFactoryPlugin(PluginKind.Reporter, 'sample', reporting),
];
