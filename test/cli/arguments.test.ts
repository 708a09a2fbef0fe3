import { describe, expect, it } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { COMMANDS, STREAMING_COMMANDS } from '../../cli/command-table.ts';
import { headswap } from './run-program.ts';

describe('without a command', () => {
  it('prints the daily verbs on stdout and nothing else', async () => {
    const { code, stdout, stderr } = await headswap([]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const verb of ['validate', 'plan', 'run', 'status', 'resume', 'report'])
      expect(stdout).toContain(`\n  ${verb} `);
    expect(stdout).not.toContain('emulator');
  });

  it('does so too when only global flags are given', async () => {
    const { code, stdout } = await headswap(['--no-color', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('headswap demo');
  });

  it('prints the version of the package', async () => {
    const { code, stdout } = await headswap(['--version']);
    expect([code, stdout]).toEqual([0, `${packageFile.version}\n`]);
  });
});

describe('help', () => {
  it('names every command by what it is for', async () => {
    const { code, stdout } = await headswap(['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS)
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, 'mu'));
    expect(stdout).toContain('picks');
  });

  it.each(COMMANDS.map(({ name }) => name))('of %s leads with two examples that call it', async (name) => {
    const { code, stdout } = await headswap([name, '--help']);
    expect(code).toBe(0);
    const [first, second] = stdout.split('\n');
    for (const line of [first, second]) expect(line).toMatch(new RegExp(`^ {2}\\$ .*headswap ${name}\\b.*# .+`, 'u'));
    expect(stdout).toContain('--no-input');
  });

  it('is also there as `headswap help COMMAND`', async () => {
    const { code, stdout } = await headswap(['help', 'plan']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: headswap plan');
  });
});

describe('what cannot be done as written ends with 2', () => {
  it('suggests a command', async () => {
    const { code, stderr, stdout } = await headswap(['resmue']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("Unknown command 'resmue'");
    expect(stderr).toContain('Did you mean resume?');
  });

  it.each([
    [['run', 'x.csv', '--bugdet', '3'], '--budget'],
    [['status', '--jsno'], '--json'],
  ])('suggests a flag: %j', async (args, meant) => {
    const { code, stderr } = await headswap(args);
    expect(code).toBe(2);
    expect(stderr).toContain(`Did you mean ${meant}?`);
    expect(stderr).toContain(`headswap ${args[0]} --help`);
  });

  it.each([
    [['run'], "argument 'file'"],
    [['run', 'x.csv', '--budget', 'lots'], 'number of credits'],
    [['run', 'x.csv', '--max-wait', '30'], 'duration'],
    [['run', 'x.csv', '--first', '0'], 'from 1'],
    [['emulator', '--port', '70000'], '65535'],
    [['resume', '--only', 'failed,broken'], 'broken'],
    [['status', '--state', 'lost'], 'needs-pick'],
    [['completion', 'tcsh'], 'bash'],
    [['report', 'b', '--format', 'pdf'], 'junit'],
    [['resolve', 'b', 'i', '--not-created', '--pay-again'], 'cannot be used with'],
    [['explain', 'M999'], 'headswap explain'],
  ])('%j names what would be right', async (args, named) => {
    const { code, stderr, stdout } = await headswap(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(named);
    expect(stderr).toContain('next:');
  });

  it('keeps the promise of a last summary line', async () => {
    for (const command of STREAMING_COMMANDS) {
      const { code, stdout } = await headswap([command, '--json', '--nonsense']);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; seq: number; exit_code?: number });
      expect([command, code, ...lines.map(({ type }) => type)]).toEqual([command, 2, 'error', 'summary']);
      expect(lines.map(({ seq }) => seq)).toEqual([0, 1]);
      expect(lines.at(-1)?.exit_code).toBe(2);
    }
  });

  it('gives one JSON document where no lines were promised', async () => {
    const { stdout, code } = await headswap(['status', '--json', '--nonsense']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ schema_version: 1, exit_code: 2, error: { kind: 'mistake' } });
  });
});

describe('what is announced but not there is refused, never ignored', () => {
  it.each([['report', 'b', '--out', 's3://bucket/out']])('%s %s', async (...args) => {
    const { code, stderr, stdout } = await headswap(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.match(/not available yet/gu)).toHaveLength(1);
    expect(stderr).toContain('Nothing was done.');
  });
});
