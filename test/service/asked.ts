/** A workplace that answers from functions, and notes what it was asked. */
import { Workplace } from '../../src/service/workplace.js';

// biome-ignore lint/suspicious/noExplicitAny: what is asked and answered is what the tests check.
type Answers = Readonly<Record<string, (parameters: any) => unknown>>;

export interface Asked {
  readonly workplace: Workplace;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly questions: { readonly command: string; readonly parameters: any }[];
}

/** @param home an empty directory */
export function askedWorkplace(home: string, answers: Answers): Asked {
  const questions: Asked['questions'] = [];
  const workplace = new Workplace({ env: { STUI_HOME: home, HOME: home }, autostart: false, warn: () => {} });
  const ask = async (command: string, parameters: unknown) => {
    questions.push({ command, parameters });
    const answer = answers[command];
    if (!answer) throw new Error(`Nobody answers ${command}`);
    return answer(parameters);
  };
  Object.defineProperty(workplace, 'ask', { value: ask });
  return { workplace, questions };
}
