/**
 * The commands by name, in the order in which help shows them. Only the command that is asked for is loaded: its options,
 * and, when it runs, what it needs. That keeps the first output under 100 ms however much the program can do.
 */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { CommandHost } from './session.ts';

export type CommandGroup = 'Daily' | 'When something needs you' | 'Before and around' | 'Running the parts';
export type CommandMaker = (host: CommandHost) => CommandUnknownOpts;

export interface CommandEntry {
  readonly name: string;
  readonly group: CommandGroup;
  readonly summary: string;
  load(): Promise<CommandMaker>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'validate',
    group: 'Daily',
    summary: 'check manifests offline, all errors at once',
    load: async () => (await import('./commands/validate.ts')).validateCommand,
  },
  {
    name: 'plan',
    group: 'Daily',
    summary: 'what would run, be reused, be paid again, and cost',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'run',
    group: 'Daily',
    summary: 'do it: ask, submit, follow to the end, report',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'status',
    group: 'Daily',
    summary: 'all batches, or one with what it needs from you',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'resume',
    group: 'Daily',
    summary: 'go on with what is not finished',
    load: async () => (await import('./commands/resume.ts')).resumeCommand,
  },
  {
    name: 'report',
    group: 'Daily',
    summary: 'build the report of a batch',
    load: async () => (await import('./commands/report.ts')).reportCommand,
  },
  {
    name: 'pause',
    group: 'When something needs you',
    summary: 'hold new spending of a batch',
    load: async () => (await import('./commands/pause.ts')).pauseCommand,
  },
  {
    name: 'cancel',
    group: 'When something needs you',
    summary: 'end a batch; what is paid is still collected',
    load: async () => (await import('./commands/cancel.ts')).cancelCommand,
  },
  {
    name: 'skip',
    group: 'When something needs you',
    summary: 'give items up, so that the batch can close',
    load: async () => (await import('./commands/skip.ts')).skipCommand,
  },
  {
    name: 'resolve',
    group: 'When something needs you',
    summary: 'settle a create whose answer was lost',
    load: async () => (await import('./commands/resolve.ts')).resolveCommand,
  },
  {
    name: 'picks',
    group: 'When something needs you',
    summary: 'decide by eye: contact sheet out, choices in',
    load: async () => (await import('./commands/picks.ts')).picksCommand,
  },
  {
    name: 'fetch',
    group: 'When something needs you',
    summary: 'collect outputs again',
    load: async () => (await import('./commands/fetch.ts')).fetchCommand,
  },
  {
    name: 'purge',
    group: 'Before and around',
    summary: 'erase faces, previews and URLs of a batch',
    load: async () => (await import('./commands/purge.ts')).purgeCommand,
  },
  {
    name: 'explain',
    group: 'When something needs you',
    summary: 'what a code means, what it costs, what to do',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  {
    name: 'demo',
    group: 'Before and around',
    summary: 'the whole flow against the emulated vendor: no key, no money',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    name: 'init',
    group: 'Before and around',
    summary: 'starter configuration and manifest',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    name: 'doctor',
    group: 'Before and around',
    summary: 'check key, balance, engine, ledger, storage, disk, clock',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'credits',
    group: 'Before and around',
    summary: 'balance, held and spent',
    load: async () => (await import('./commands/credits.ts')).creditsCommand,
  },
  {
    name: 'schema',
    group: 'Before and around',
    summary: 'print a JSON Schema',
    load: async () => (await import('./commands/schema.ts')).schemaCommand,
  },
  {
    name: 'completion',
    group: 'Before and around',
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
  {
    name: 'schedule',
    group: 'Before and around',
    summary: 'recurring manifests: make, look, hold, trigger',
    load: async () => (await import('./commands/schedule.ts')).scheduleCommand,
  },
  {
    name: 'ledger',
    group: 'When something needs you',
    summary: 'check the ledger against its journal, or rebuild it',
    load: async () => (await import('./commands/ledger.ts')).ledgerCommand,
  },
  {
    name: 'submit',
    group: 'Running the parts',
    summary: 'run without following; prints the batch id',
    load: async () => (await import('./commands/submit.ts')).submitCommand,
  },
  {
    name: 'watch',
    group: 'Running the parts',
    summary: 'follow a batch live',
    load: async () => (await import('./commands/watch.ts')).watchCommand,
  },
  {
    name: 'up',
    group: 'Running the parts',
    summary: 'engine and worker in the foreground, until Ctrl-C',
    load: async () => (await import('./commands/up.ts')).upCommand,
  },
  {
    name: 'worker',
    group: 'Running the parts',
    summary: 'a worker against a configured Temporal',
    load: async () => (await import('./commands/worker.ts')).workerCommand,
  },
  {
    name: 'web',
    group: 'Running the parts',
    summary: 'the callback receiver and health',
    load: async () => (await import('./commands/web.ts')).webCommand,
  },
  {
    name: 'emulator',
    group: 'Running the parts',
    summary: 'the emulated vendor on a port',
    load: async () => (await import('./commands/emulator.ts')).emulatorCommand,
  },
];

/** Commands whose `--json` is a stream of lines that ends with a summary (contract section 9; `demo` as `run`). */
export const STREAMING_COMMANDS: ReadonlySet<string> = new Set(['run', 'submit', 'resume', 'watch', 'demo']);
