/** The `run` that does what was planned: the flags that decided the plan, quoted for a shell. */
import type { PlanFlags } from './ask-and-run.ts';
import type { GlobalFlags } from './global-flags.ts';

export function runAgain(
  file: string,
  plan: PlanFlags,
  { config, account }: Pick<GlobalFlags, 'config' | 'account'>,
): string {
  const flags: readonly (readonly [string, string | number | true | undefined])[] = [
    ['--config', config],
    ['--account', account],
    ['--batch', plan.batch],
    ['--budget', plan.budget],
    ['--faces', plan.faces],
    ['--first', plan.first],
    ['--again', plan.again],
    ['--skip-bad-rows', plan.skipBadRows],
  ];
  const words = flags.flatMap(([flag, value]) =>
    value === undefined ? [] : value === true ? [flag] : [flag, shellWord(String(value))],
  );
  return ['headswap run', shellWord(file), ...words].join(' ');
}

/** As it is where a shell takes it as it is, else in single quotes. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
