import { AkoolClient } from '../../akool/client.ts';
import type { CreateOutcome } from '../../akool/outcome.ts';
import type { AnalysisDetail, TaskDetail } from '../../akool/read.ts';
import { PREMIUM_MODEL, type CreateRequest } from '../../akool/wire.ts';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';
import { until, value } from '../akool/expectations.ts';

export { until as eventually, value as good };

export const VIDEO = 'https://media.example.com/plates/sh010.mp4';
export const FACE = 'https://media.example.com/faces/ana.jpg';

/** The few steps every test of the emulator needs, through the real client. */
export class FleetOfOne {
  readonly client: AkoolClient;

  constructor(url: string, apiKey = DEFAULT_API_KEY, timeoutMs = 5_000) {
    this.client = new AkoolClient({ baseUrl: url, auth: { kind: 'api-key', key: apiKey }, timeoutMs });
  }

  async analyse(video = VIDEO): Promise<AnalysisDetail> {
    const { id } = value(await this.client.submitAnalysis(video));
    return until(async () => ended(value(await this.client.analysisDetail(id))));
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
    return until(async () => ended(value(await this.client.taskDetail(id))));
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

function ended<T extends { readonly phase: string }>(detail: T): T | null {
  return detail.phase === 'completed' || detail.phase === 'failed' ? detail : null;
}
