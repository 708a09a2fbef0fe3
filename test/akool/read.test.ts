import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readAnalysis, readBody, readCreated, readTask } from '../../akool/read.ts';

const ID = '6a066dc58570ecbf64f761a5';
const media = (...numbers: readonly unknown[]) => numbers.map((obj_id) => ({ obj_id, img_url: 'https://x/p.webp' }));

describe('bodies', () => {
  test.each([
    ['{"code":1000,"msg":"OK","data":{"_id":"x"}}', { kind: 'envelope', code: 1000, msg: 'OK' }],
    ['{"code":"1104","msg":null}', { kind: 'envelope', code: 1104, msg: '', data: {} }],
    ['{"code":1000,"token":"t"}', { kind: 'envelope', top: { token: 't' } }],
    ['{"code":1000,"data":[]}', { kind: 'envelope', data: {} }],
    ['{"status":404,"msg":"Not Found"}', { kind: 'no-code', notFound: true }],
    ['{"code":1000.5}', { kind: 'no-code', notFound: false }],
    ['{"code":true}', { kind: 'no-code' }],
    ['null', { kind: 'no-code' }],
    ['{"code":1000', { kind: 'not-json' }],
    ['', { kind: 'not-json' }],
  ])('%s', (text, expected) => {
    expect(readBody(text)).toMatchObject(expected);
  });
});

describe('tasks: status number and URL decide, texts never', () => {
  test.each([
    [{ status: 1 }, 'queued'],
    [{ status: '2' }, 'processing'],
    [{ status: 3, video_url: 'https://cdn/x.mp4' }, 'completed'],
    [{ status: '3', video_url: 'HTTP://cdn/x.mp4', error_reason: 'failed badly' }, 'completed'],
    [{ status: 3, video_url: '' }, 'not-yet'],
    [{ status: 3, video_url: null }, 'not-yet'],
    [{ status: 3, video_url: 'pending' }, 'not-yet'],
    [{ status: 4, error_reason: 'success' }, 'failed'],
    [{ status: 4, video_url: 'https://cdn/x.mp4' }, 'failed'],
    [{ status: 5 }, 'not-yet'],
    [{ status: 0 }, 'not-yet'],
    [{ status: 'done' }, 'not-yet'],
    [{}, 'not-yet'],
  ])('%o is %s', (data, phase) => {
    expect(readTask({ _id: ID, ...data }).phase).toBe(phase);
  });

  test('an output URL is only given with completion', () => {
    expect(readTask({ _id: ID, status: 2, video_url: 'https://cdn/early.mp4' }).outputUrl).toBeNull();
  });

  test('the documented sample', () => {
    const sample = {
      _id: ID,
      source_video_url: 'https://example.com/videos/source.mp4',
      create_time: 1778806213962,
      status: 3,
      video_duration: 10,
      resolution: '720p',
      deduction_duration: '15',
      video_url: 'https://cdn/out.mp4',
      progress: 100,
      a_new_key: {},
    };
    expect(readTask(sample)).toMatchObject({ charge: 15, videoSeconds: 10, createdAtMs: 1778806213962, oddities: [] });
  });

  test('empty data for a known id is an oddity, not an end', () => {
    expect(readTask({})).toMatchObject({ phase: 'not-yet', oddities: ['empty data for an id that should be known'] });
  });
});

describe('analyses', () => {
  const done = (result: unknown) =>
    readAnalysis({ _id: ID, status: 3, error_reason: 'success', analysis_result: result });

  test('people in the vendor’s order', () => {
    expect(done({ detected_objects: 2, media: media(1, '0') }).people.map(({ objId }) => objId)).toEqual([1, 0]);
  });
  test('a detected count that differs is only an oddity', () => {
    const analysis = done({ detected_objects: 3, media: media(0) });
    expect(analysis).toMatchObject({ phase: 'completed', oddities: ['3 people detected, 1 listed'] });
  });
  test('nobody found is complete', () => {
    expect(done({ detected_objects: 0, media: [] })).toMatchObject({ phase: 'completed', people: [] });
    expect(done({ detected_objects: 0 })).toMatchObject({ phase: 'completed', people: [] });
  });
  test.each([[null], [undefined], [{}], [{ media: media(0, 'x') }], [{ media: media(0, 0) }], [{ media: [null] }]])(
    'status 3 with %o is not complete: people are never chosen from half a list',
    (result) => {
      const analysis = done(result);
      expect(analysis).toMatchObject({ phase: 'not-yet', people: [] });
      expect(analysis.oddities.length).toBeGreaterThan(0);
    },
  );
});

test('nothing a vendor can send makes the readers throw, and completion always has what it needs', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('_id', 'status', 'video_url', 'analysis_result', 'x'), fc.jsonValue()),
      (data) => {
        const task = readTask(data);
        expect(task.phase === 'completed').toBe(task.outputUrl !== null);
        readAnalysis(data);
        const created = readCreated(data);
        expect(created === null || created.id !== '').toBe(true);
        readBody(JSON.stringify(data));
      },
    ),
    { numRuns: 1_000 },
  );
});
