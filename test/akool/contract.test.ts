import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { AkoolClient, type PreparedCreate } from '../../akool/client.ts';
import type { CreateOutcome, Outcome } from '../../akool/outcome.ts';
import type { AnalysisDetail, TaskDetail } from '../../akool/read.ts';
import { PREMIUM_MODEL, type CreateRequest } from '../../akool/wire.ts';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { until, value } from './expectations.ts';

/**
 * What client and emulator agree on, and what the real vendor is held to when a key and a budget are given:
 * AKOOL_CONTRACT_KEY, AKOOL_CONTRACT_BUDGET (credits this may cost, one 480p task), and optionally
 * AKOOL_CONTRACT_VIDEO, AKOOL_CONTRACT_FACE (public URLs), AKOOL_CONTRACT_URL.
 */
interface Vendor {
  readonly client: AkoolClient;
  /** Same host, a key nobody has. */
  readonly stranger: AkoolClient;
  readonly video: string;
  readonly face: string;
  /** Longest wait for an analysis or a task, and the pause between polls; milliseconds. */
  readonly patienceMs: number;
  readonly pollMs: number;
}

describe('contract: emulator', () => {
  let emulator: RunningEmulator;
  contract(
    async () => {
      emulator = await startEmulator({ analysisMs: 30, taskMs: 60 });
      return {
        client: client(emulator.url, DEFAULT_API_KEY),
        stranger: client(emulator.url, 'nobody'),
        video: 'https://media.example.com/plates/sh010.mp4',
        face: 'https://media.example.com/faces/ana.jpg',
        patienceMs: 5_000,
        pollMs: 5,
      };
    },
    () => emulator.close(),
  );
});

const key = process.env['AKOOL_CONTRACT_KEY'] ?? '';
const budget = Number(process.env['AKOOL_CONTRACT_BUDGET'] ?? 0);

describe.skipIf(key === '' || !(budget > 0))(
  'contract: real vendor (needs AKOOL_CONTRACT_KEY and AKOOL_CONTRACT_BUDGET)',
  () => {
    contract(async () => {
      const url = process.env['AKOOL_CONTRACT_URL'] ?? 'https://openapi.akool.com';
      const real = client(url, key);
      const before = value(await real.balance());
      if (before < budget) throw new Error(`the account has ${before} credits, less than the budget of ${budget}`);
      return {
        client: real,
        stranger: client(url, 'nobody'),
        video: process.env['AKOOL_CONTRACT_VIDEO'] ?? 'https://example.com/videos/source.mp4',
        face: process.env['AKOOL_CONTRACT_FACE'] ?? 'https://example.com/faces/reference.jpeg',
        patienceMs: 1_800_000,
        pollMs: 5_000,
      };
    });
  },
  3_600_000,
);

function client(baseUrl: string, apiKey: string): AkoolClient {
  return new AkoolClient({ baseUrl, auth: { kind: 'api-key', key: apiKey }, timeoutMs: 30_000 });
}

function contract(start: () => Promise<Vendor>, stop: () => Promise<void> = async () => {}): void {
  let vendor: Vendor;
  let analysis: AnalysisDetail;
  beforeAll(async () => {
    vendor = await start();
  });
  afterAll(async () => {
    await vendor.client.close();
    await vendor.stranger.close();
    await stop();
  });

  test('the balance is a number of credits', async () => {
    expect(value(await vendor.client.balance())).toBeGreaterThan(0);
  });

  test('an unknown key is refused as a matter of authorisation', async () => {
    expect(await vendor.stranger.balance()).toMatchObject({
      kind: 'refused',
      consequence: { kind: 'gate', gate: 'authorisation' },
    });
  });

  test('ids nobody has are not found', async () => {
    const nobody = 'ffffffffffffffffffffffff';
    expect(await vendor.client.analysisDetail(nobody)).toMatchObject({
      kind: 'refused',
      consequence: { kind: 'not-found' },
    });
    expect(await vendor.client.taskDetail(nobody)).toMatchObject({
      kind: 'refused',
      consequence: { kind: 'not-found' },
    });
  });

  test('an analysis that is no URL is refused as the item’s fault', async () => {
    const outcome = await vendor.client.submitAnalysis('not a url');
    expect(outcome).toMatchObject({ kind: 'refused', consequence: { kind: 'fail-item' } });
  });

  test('an analysis runs to its people', async () => {
    const submitted = value(await vendor.client.submitAnalysis(vendor.video));
    expect(submitted.id).toMatch(/^[0-9a-f]{24}$/);
    expect(['queued', 'processing']).toContain(submitted.phase);
    analysis = await poll<AnalysisDetail>(vendor, () => vendor.client.analysisDetail(submitted.id));
    expect(analysis.phase).toBe('completed');
    expect(analysis.people.length).toBeGreaterThan(0);
    expect(analysis.people[0]?.objId).toBe(0);
    expect(analysis.people[0]?.previewUrl).toMatch(/^https?:/);
  });

  test('creates that are wrong are refused before anything is created', async () => {
    const six = Array.from({ length: 6 }, (_, objId) => ({ obj_id: objId, img_url: vendor.face }));
    for (const request of [task(vendor, { mappings: six }), task(vendor, { video_url: `${vendor.video}?other` })]) {
      const outcome = await create(vendor, request);
      expect(outcome).toMatchObject({
        kind: 'refused',
        consequence: { kind: expect.stringMatching(/fail-item|reanalyse/) },
      });
    }
  });

  test('a create holds credits, runs to an output and is charged', async () => {
    const outcome = await create(vendor, task(vendor, {}));
    if (outcome.kind !== 'created') throw new Error(`not created: ${outcome.message}`);
    expect(outcome.task.id).toMatch(/^[0-9a-f]{24}$/);
    expect(outcome.task.hold).toBeGreaterThan(0);
    const ended = await poll<TaskDetail>(vendor, () => vendor.client.taskDetail(outcome.task.id));
    expect(ended).toMatchObject({ phase: 'completed', sourceVideoUrl: vendor.video, resolution: '480p' });
    expect(ended.charge).toBeGreaterThan(0);
    const output = await fetch(ended.outputUrl ?? '');
    expect(output.status).toBe(200);
    expect(output.headers.get('content-type')).toBe('video/mp4');
  });

  function task(of: Vendor, change: Partial<CreateRequest>): CreateRequest {
    return {
      video_url: of.video,
      mappings: [{ obj_id: 0, img_url: of.face }],
      model_name: PREMIUM_MODEL,
      resolution: '480p',
      ...change,
    };
  }
}

async function create({ client: sender }: Vendor, request: CreateRequest): Promise<CreateOutcome> {
  const prepared = await sender.prepareCreate();
  return prepared.kind === 'open' ? (prepared satisfies PreparedCreate).write(request) : prepared;
}

function poll<T extends { readonly phase: string }>(vendor: Vendor, read: () => Promise<Outcome<T>>): Promise<T> {
  return until(async () => {
    const detail = value(await read());
    return detail.phase === 'completed' || detail.phase === 'failed' ? detail : null;
  }, vendor);
}
