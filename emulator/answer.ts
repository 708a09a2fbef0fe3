import type { AnalysisData, CreatedData, TaskData } from '../akool/wire.ts';
import { progressAt, statusAt, type AnalysisRecord, type TaskRecord } from './records.ts';

/** What an API call answers: HTTP 200 with a code, unless a fault says otherwise. */
export interface Answer {
  readonly code: number;
  readonly msg: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Beside the envelope's keys (the token). */
  readonly top?: Readonly<Record<string, unknown>>;
  readonly httpStatus?: number;
  readonly retryAfter?: string;
}

export const ok = (data: Readonly<Record<string, unknown>>, msg = 'OK'): Answer => ({ code: 1000, msg, data });

const TEXTS: Readonly<Record<number, string>> = {
  1003: 'Parameter error',
  1005: 'Operation is too frequent',
  1006: 'Insufficient quota balance',
  1014: 'Resource not found',
  1015: 'Create video error, please try again later',
  1101: 'Invalid authorization or expired token',
  1102: 'Authorization cannot be empty',
  1103: 'Your account has not paid or is overdue',
  1104: 'Insufficient credit balance',
  1109: 'Account does not exist',
  1200: 'Your account has been blocked',
  1213: 'Subscription required',
  1221: 'Your account is not subscribed',
  2001: 'Server error',
};

export const refusal = (code: number, msg?: string): Answer => ({ code, msg: msg ?? TEXTS[code] ?? `Error ${code}` });

export function analysisData(analysis: AnalysisRecord, now: number, origin: string): AnalysisData {
  const status = statusAt(analysis, now);
  const data: AnalysisData = {
    _id: analysis.id,
    create_time: analysis.at,
    uid: analysis.uid,
    team_id: analysis.team,
    video_url: analysis.video,
    type: 'head',
    status,
    task_id: analysis.internalId,
    progress: progressAt(analysis, now),
  };
  if (status < 3) return data;
  if (status === 4)
    return {
      ...data,
      ...(analysis.reason === null ? {} : { error_reason: analysis.reason }),
      ...(analysis.errorCode === null ? {} : { error_code: analysis.errorCode }),
    };
  return {
    ...data,
    error_reason: 'success',
    error_code: 0,
    analysis_result: {
      detected_objects: analysis.detected,
      media: analysis.people.map((_, objId) => ({
        obj_id: objId,
        img_url: `${origin}/media/previews/${analysis.id}/${objId}.webp`,
        media_type: 'images',
      })),
      video_info: { width: 1280, height: 720, fps: 30, frame_count: 300 },
    },
  };
}

export function createdData(task: TaskRecord): CreatedData {
  return {
    _id: task.id,
    create_time: task.at,
    uid: task.uid,
    team_id: task.team,
    video_duration: task.videoSeconds,
    task_id: task.internalId,
    resolution: task.body.resolution,
    status: 1,
    deduction_lock_duration: task.hold,
    model_name: task.body.model_name,
    file_name: `Headswap_${task.at}.mp4`,
    video_url: null,
  };
}

export function taskData(task: TaskRecord, now: number, origin: string, chargeFailed: boolean): TaskData {
  const status = statusAt(task, now);
  const charged = status === 3 || (status === 4 && chargeFailed);
  return {
    _id: task.id,
    uid: task.uid,
    team_id: task.team,
    source_video_url: task.body.video_url,
    create_time: task.at,
    status,
    video_duration: task.videoSeconds,
    resolution: task.body.resolution,
    deduction_duration: charged ? task.price : 0,
    video_url: status === 3 ? outputUrl(task.id, origin) : null,
    progress: progressAt(task, now),
    priority: 9,
    task_id: task.internalId,
    ...(status === 4 && task.reason !== null ? { error_reason: task.reason } : {}),
    ...(status === 4 && task.errorCode !== null ? { error_code: task.errorCode } : {}),
    file_name: `Headswap_${task.at}.mp4`,
    model_name: task.body.model_name,
  };
}

export function outputUrl(taskId: string, origin: string): string {
  return `${origin}/media/outputs/${taskId}.mp4`;
}
