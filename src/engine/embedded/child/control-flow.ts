/** What we throw to move the flow of control. No handler of Smalltalk code may see one. */
export abstract class ControlFlow {}
