import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context as ActivityContext } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptors } from '@temporalio/worker';
import { TRACE_HEADER } from '../schemas/trace-header.ts';

/** A span per activity, child of the command that started the batch; vendor calls become its children. */
export function traceActivities(activity: ActivityContext): ActivityInterceptors {
  const inbound: ActivityInboundCallsInterceptor = {
    execute(input, next) {
      const header = input.headers[TRACE_HEADER];
      const carrier = header === undefined ? {} : defaultPayloadConverter.fromPayload<Record<string, string>>(header);
      const parent = propagation.extract(context.active(), carrier);
      return trace
        .getTracer('headswap-fleet')
        .startActiveSpan(`activity ${activity.info.activityType}`, {}, parent, async (span) => {
          try {
            return await next(input);
          } catch (error) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            throw error;
          } finally {
            span.end();
          }
        });
    },
  };
  return { inbound };
}
