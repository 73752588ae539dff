/** Smalltalk's call stack, read from Amber's contexts. */
import type { Amber, St } from './amber.js';

/** Frames to report; infinite recursion has hundreds of thousands, of which the first and last few say it all. */
const FRAME_LIMIT = 60;

/** The pseudo selector of evaluated code. */
export const DO_IT = 'DoIt';

/** Frames from `context` outwards, innermost first, ending at the evaluated code. */
export function framesFrom(amber: Amber, context: St, hidden: (receiver: St) => boolean): string[] {
  const frames: string[] = [];
  let innermost = true;
  for (let at = context; at != null && at !== amber.nil; at = at.homeContext) {
    if (at.selector == null && at.outerContext == null) at.setup(at);
    const receiver = methodContextOf(at).receiver;
    if ((innermost && hidden(receiver)) || receiver === amber.globals.Message) continue;
    innermost = false;
    frames.push(describe(amber, at));
    if (frames.at(-1) === DO_IT) break;
  }
  if (frames.length <= FRAME_LIMIT) return frames;
  const tail = frames.slice(-10);
  const head = frames.slice(0, FRAME_LIMIT - tail.length - 1);
  return [...head, `... ${frames.length - head.length - tail.length} more frames`, ...tail];
}

/** The method a block belongs to; the context itself when it is a method's. */
function methodContextOf(context: St): St {
  let at = context;
  while (at.selector == null && at.outerContext != null) {
    at = at.outerContext;
    if (at.selector == null && at.outerContext == null) at.setup(at);
  }
  return at;
}

function describe(amber: Amber, context: St): string {
  const home = methodContextOf(context);
  const block = home === context ? '' : '[] in ';
  if (home.selector == null || home.selector === DO_IT) return `${block}${DO_IT}`;
  const receiverClass = amber.asReceiver(home.receiver).a$cls;
  const name = classNameOf(receiverClass);
  const supercall = home.homeContext?.supercall === true;
  const found = receiverClass?.methods?.[home.selector]?.methodClass;
  const implementor = supercall ? found?.superclass?.methods?.[home.selector]?.methodClass : found;
  const where =
    implementor === undefined || implementor === receiverClass ? name : `${name}(${classNameOf(implementor)})`;
  return `${block}${where}>>${home.selector}`;
}

/** `Foo` or `Foo class`, without sending a message that user code may have overridden. */
export function classNameOf(behavior: St): string {
  if (behavior?.meta === true) return `${behavior.instanceClass.name} class`;
  return String(behavior?.name ?? 'nil');
}
