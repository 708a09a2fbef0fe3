/** Exit codes of the program (contract section 4). */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  manifest: 3,
  account: 4,
  uncertain: 5,
  someFailed: 6,
  money: 7,
  unreachable: 8,
  waiting: 9,
  workToDo: 10,
  held: 11,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** When several apply to one batch the first of these wins. 2, 3, 10, 11, 130 exclude the rest. */
const EXIT_PRECEDENCE: readonly ExitCode[] = [1, 4, 8, 7, 5, 9, 6];

/** The one code that stands for all that apply; 0 when none does. */
export function worstExit(codes: Iterable<ExitCode>): ExitCode {
  const set = new Set(codes);
  for (const code of [EXIT.usage, EXIT.manifest, EXIT.workToDo, EXIT.held, EXIT.interrupted])
    if (set.has(code)) return code;
  return EXIT_PRECEDENCE.find((code) => set.has(code)) ?? EXIT.ok;
}
