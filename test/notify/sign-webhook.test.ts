import { expect, it } from 'vitest';
import { signedHeaders } from '../../egress/sign-webhook.ts';
import { slackBody, withoutAddresses, type Notice } from '../../schemas/notice.ts';

it('signs as the published vector of Standard Webhooks', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', atMs: 1_614_265_330_000, body: '{"test": 2432232314}' };
  expect(signedHeaders(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('sends id and time without a secret, and no signature', () => {
  expect(signedHeaders({ id: 'msg_1', atMs: 1_999, body: '{}' }, null)).toEqual({
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1',
  });
});

it('takes addresses out of texts', () => {
  expect(
    withoutAddresses('M120 shots.csv:2:4 "https://media.example.com/a.jpg?X-Amz-Signature=1" is (s3://b/c) no face'),
  ).toBe('M120 shots.csv:2:4 "(address)" is ((address)) no face');
});

it('says the same to Slack in one text', () => {
  const notice: Notice = {
    type: 'batch.finished',
    timestamp: '2026-11-24T10:00:00.000Z',
    data: {
      batch: 'spring',
      account: 'default',
      round: 1,
      state: 'finished',
      text: 'Finished: 2 of 2 done.',
      next: 'headswap report spring',
      totals: null,
      credits: null,
      report: null,
    },
  };
  expect(slackBody(notice)).toEqual({ text: '*spring*: Finished: 2 of 2 done.\nNext: `headswap report spring`' });
});
