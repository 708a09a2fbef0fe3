import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HONEST } from './audit.ts';
import { Fleet, rowsOver } from './fleet-harness.ts';

describe('the main job, through every real part', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start();
    await fleet.startWorker();
  });
  afterAll(() => fleet.stop());

  it('makes 120 items over 24 videos into 24 analyses, 120 creates, 120 outputs, and charges as booked', async () => {
    await fleet.submit('main', rowsOver(120, 24));
    expect(await fleet.ended('main', 90_000)).toBe('finished');
    expect(await fleet.states()).toEqual({ done: 120 });
    const audit = await fleet.audit();
    expect(audit).toMatchObject({
      creates: 120,
      analyses: 24,
      charged: 1_800,
      booked: 1_800,
      ...HONEST,
    });
  }, 100_000);

  it('keeps every output whole: its hash is the vendor book’s', async () => {
    const outputs = await fleet.ledger.db.selectFrom('outputs').select(['file', 'sha256', 'task']).execute();
    const booked = new Map(fleet.emulator.book.settlements().map((settled) => [settled.id, settled.sha256]));
    expect(outputs).toHaveLength(120);
    for (const output of outputs) {
      const bytes = readFileSync(join(fleet.dir, 'out', output.file));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(output.sha256);
      expect(output.sha256).toBe(booked.get(output.task));
    }
  });

  it('keeps URLs, faces and item ids out of workflow histories', async () => {
    const { client } = await fleet.engineClient();
    let histories = 0;
    for await (const workflow of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflow.workflowId, workflow.runId).fetchHistory();
      const text = JSON.stringify(history, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      );
      expect(text).not.toMatch(/https?:|plate-|face-|sh0\d\d/);
      histories += 1;
    }
    expect(histories).toBeGreaterThanOrEqual(2);
  });
});
