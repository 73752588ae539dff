import { Command, type Interfaces } from '@oclif/core';
import { EXIT_CODES, type ExitName } from './exit-codes.js';
import { OutputLost, write, writeDocument, writeFailure } from './output.js';
import { runSteps, type Step } from './progress.js';
import { type DefaultLookup, withOutsideDefaults } from './settings.js';
import { loadStyle, type Style } from './style.js';

/**
 * What every command extends: it parses, calls one service in `execute`, and returns a result. The base prints it, as a
 * JSON document with `--json` and as the text of `render` without, and gives failures the same two forms.
 */
export abstract class StuiCommand<T = unknown> extends Command {
  static override enableJsonFlag = true;

  /** Set once by whoever knows the configuration: where configured defaults of flags are looked up. */
  static lookUpDefault: DefaultLookup | undefined;

  /** Whether `--json` prints one document or lines; a failure is printed in the same form. */
  protected readonly jsonForm: 'document' | 'line' = 'document';

  /** Does the work. Whatever it throws becomes a failure report and an exit code. */
  protected abstract execute(): Promise<T>;

  /** Says the result to a person. Nothing is printed when it is empty; a missing final newline is added. */
  protected abstract render(result: T, style: Style): string | Promise<string>;

  /** How to see a result that was not printed because the reader went away or the disk is full. */
  protected remedyWhenLost(_result: T): string | undefined {
    return undefined;
  }

  /** Ends the process with another code than 0 although there is a result to print (e.g. the code raised). */
  protected exitAs(name: ExitName): void {
    process.exitCode = EXIT_CODES[name].code;
  }

  override async run(): Promise<T> {
    const result = await this.execute();
    try {
      if (this.jsonEnabled()) await writeDocument(result);
      else await this.writeText(await this.render(result, await this.stdoutStyle()));
    } catch (error) {
      throw error instanceof OutputLost ? new OutputLost(error.cause, this.remedyWhenLost(result)) : error;
    }
    return result;
  }

  protected async writeText(text: string): Promise<void> {
    if (text !== '') await write(process.stdout, text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Runs slow work in steps that a person can watch on stderr; with `--json` they are silent. */
  protected steps<C extends object>(steps: readonly Step<C>[], context: C): Promise<C> {
    const isTTY = process.stderr.isTTY === true;
    return runSteps(steps, context, { enabled: !this.jsonEnabled(), isTTY, env: process.env });
  }

  protected stdoutStyle(): Promise<Style> {
    return loadStyle({ env: process.env, isTTY: process.stdout.isTTY === true });
  }

  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const given = (options ?? this.ctor) as Interfaces.Input<F, B, A>;
    const { enableJsonFlag = true } = given;
    const surroundings = { lookUp: StuiCommand.lookUpDefault ?? (() => undefined), env: process.env };
    const flags = withOutsideDefaults(given.flags ?? {}, surroundings) as Interfaces.FlagInput<F>;
    const baseFlags = withOutsideDefaults(given.baseFlags ?? {}, surroundings) as Interfaces.FlagInput<B>;
    // Named one by one, because spreading a class leaves its inherited statics behind.
    return super.parse({ ...given, enableJsonFlag, flags, baseFlags }, argv);
  }

  protected override async catch(error: Error): Promise<void> {
    process.exitCode = await writeFailure(error, {
      json: this.jsonEnabled() && this.jsonForm,
      style: await loadStyle({ env: process.env, isTTY: process.stderr.isTTY === true }),
    });
  }

  /** oclif would print truthy results only; `run` has printed it already, whatever it is. */
  override logJson(): void {}
}
