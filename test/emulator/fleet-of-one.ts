import { setTimeout as wait } from 'node:timers/promises';

import { AkoolClient } from '../../akool/client.ts';
import type { CreateOutcome, Outcome } from '../../akool/outcome.ts';
import type { AnalysisDetail, TaskDetail } from '../../akool/read.ts';
import { PREMIUM_MODEL, type CreateRequest } from '../../akool/wire.ts';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';

export const VIDEO = 'https://media.example.com/plates/sh010.mp4';
export const FACE = 'https://media.example.com/faces/ana.jpg';

/** The few steps every test of the emulator needs, through the real client. */
export class FleetOfOne {
  readonly client: AkoolClient;

  constructor(url: string, apiKey = DEFAULT_API_KEY, timeoutMs = 5_000) {
    this.client = new AkoolClient({ baseUrl: url, auth: { kind: 'api-key', key: apiKey }, timeoutMs });
  }

  async analyse(video = VIDEO): Promise<AnalysisDetail> {
    const { id } = good(await this.client.submitAnalysis(video));
    return eventually(async () => ended(good(await this.client.analysisDetail(id))));
  }

  async create(change: Partial<CreateRequest> = {}): Promise<CreateOutcome> {
    const prepared = await this.client.prepareCreate();
    return prepared.kind === 'open' ? prepared.write(request(change)) : prepared;
  }

  /** The id of a create that has to be accepted. */
  async created(change: Partial<CreateRequest> = {}): Promise<string> {
    const outcome = await this.create(change);
    if (outcome.kind !== 'created') throw new Error(`${outcome.kind}: ${outcome.message}`);
    return outcome.task.id;
  }

  finished(id: string): Promise<TaskDetail> {
    return eventually(async () => ended(good(await this.client.taskDetail(id))));
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

export function request(change: Partial<CreateRequest> = {}): CreateRequest {
  return {
    video_url: VIDEO,
    mappings: [{ obj_id: 0, img_url: FACE }],
    model_name: PREMIUM_MODEL,
    resolution: '720p',
    ...change,
  };
}

export function good<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.message}`);
  return outcome.value;
}

export async function eventually<T>(ask: () => Promise<T | null> | T | null, patienceMs = 5_000): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new Error(`no answer in ${patienceMs} ms`);
    await wait(5);
  }
}

function ended<T extends { readonly phase: string }>(detail: T): T | null {
  return detail.phase === 'completed' || detail.phase === 'failed' ? detail : null;
}
