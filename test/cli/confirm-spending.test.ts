import { describe, expect, it } from 'vitest';
import { confirmSpending, type Spending } from '../../cli/confirm-spending.ts';
import { InterruptedError } from '../../cli/interrupted-error.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { fakeSession } from './fake-session.ts';

const spending: Spending = { account: 'default', low: 820, high: 905, budget: 1200, spends: true, doubts: [] };

describe('on a terminal', () => {
  it.each(['y', 'Y', 'yes', ' yes '])('%j is a yes', async (answer) => {
    const { session, stdin, stderr } = fakeSession({}, true);
    const asked = confirmSpending(session, spending);
    stdin.write(`${answer}\n`);
    await expect(asked).resolves.toBeUndefined();
    expect(stderr.text).toContain('Spend 820 to 905 credits (budget 1,200 credits) on account default? [y/N]');
  });

  it.each(['', 'n', 'j', 'no', 'yess', 'y y'])('%j is not', async (answer) => {
    const { session, stdin } = fakeSession({}, true);
    const asked = confirmSpending(session, spending);
    stdin.write(`${answer}\n`);
    await expect(asked).rejects.toThrow('Nothing was charged');
  });

  it('an end of input is not either', async () => {
    const { session, stdin } = fakeSession({}, true);
    const asked = confirmSpending(session, spending);
    stdin.end();
    await expect(asked).rejects.toBeInstanceOf(UsageError);
  });

  it.each(['\u0003', null])('Ctrl-C at the question (%j: as a signal) interrupts', async (key) => {
    const { session, stdin, abort } = fakeSession({}, true);
    const asked = confirmSpending(session, spending);
    if (key === null) abort.abort();
    else stdin.write(key);
    await expect(asked).rejects.toBeInstanceOf(InterruptedError);
  });

  it('says plainly that a price is not known', async () => {
    const { session, stdin, stderr } = fakeSession({}, true);
    const asked = confirmSpending(session, { ...spending, low: null, high: null, budget: null });
    stdin.write('y\n');
    await asked;
    expect(stderr.text).toContain('Spend an unknown number of credits (price unknown) on account default?');
  });
});

describe('where there is nobody to ask', () => {
  it.each([
    [{}, false],
    [{ input: false }, true],
    [{ json: true, input: false }, true],
  ])('%j asks nothing and names the flag', async (flags, terminal) => {
    const { session, stdout } = fakeSession(flags, terminal);
    const refused = confirmSpending(session, spending);
    await expect(refused).rejects.toMatchObject({
      name: 'UsageError',
      next: expect.stringContaining('--yes') as string,
    });
    expect(stdout.text).toBe('');
  });

  it('--yes answers', async () => {
    const { session } = fakeSession({ yes: true });
    await expect(confirmSpending(session, { ...spending, doubts: ['came from elsewhere'] })).resolves.toBeUndefined();
  });

  it('a doubt ends with 11, whether or not anything is spent', async () => {
    const { session } = fakeSession();
    const doubtful = { ...spending, doubts: ['batch "b" came from elsewhere last time'] };
    await expect(confirmSpending(session, doubtful)).rejects.toMatchObject({ exit: 11 });
    await expect(confirmSpending(session, { ...doubtful, spends: false })).rejects.toMatchObject({ exit: 11 });
    await expect(confirmSpending(session, { ...spending, spends: false })).resolves.toBeUndefined();
  });
});
