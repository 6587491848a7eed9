/**
 * Sets the clock of this program alone: everything in it that asks `Date` for the time gets it from there
 * on. The kernel's clock is one for all processes, so a box among others cannot have its own; the times
 * of its files stay those of the machine.
 */
export function setClock(iso: string): void {
  const Machine = Date;
  const away = Machine.parse(iso) - Machine.now();
  class Set extends Machine {
    constructor(...args: [] | [string | number]) {
      super(args.length === 0 ? Machine.now() + away : args[0]);
    }
    static override now = () => Machine.now() + away;
  }
  globalThis.Date = Set as DateConstructor;
}
