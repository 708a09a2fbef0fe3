import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../../worker/workflow-bundle.ts';

const FOLDER = new URL('histories/', import.meta.url);
const recorded = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

interface History {
  readonly events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}
const read = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as History;

describe('recorded histories replay with the present workflow code', () => {
  let codePath = '';
  beforeAll(async () => {
    codePath = (await workflowBundle()).codePath;
  });

  it('has one of each workflow', () => {
    expect(recorded.some((name) => name.startsWith('batch-'))).toBe(true);
    expect(recorded.some((name) => name.startsWith('lane-'))).toBe(true);
  });

  it.each(recorded)('%s', async (name) => {
    await Worker.runReplayHistory({ workflowBundle: { codePath } }, read(name));
  });

  it.each(recorded)('%s fails when an activity of it was another one', async (name) => {
    const history = read(name);
    const event = history.events.find((each) => each.activityTaskScheduledEventAttributes !== undefined);
    if (event?.activityTaskScheduledEventAttributes === undefined) throw new Error('the history schedules nothing');
    event.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    await expect(Worker.runReplayHistory({ workflowBundle: { codePath } }, history)).rejects.toThrow(
      /[Nn]ondeterminism/,
    );
  });
});
