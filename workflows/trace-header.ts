import type {
  ActivityInput,
  ContinueAsNewInput,
  Headers,
  Next,
  StartChildWorkflowExecutionInput,
  WorkflowExecuteInput,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptors,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { TRACE_HEADER } from '../schemas/trace-header.ts';

/**
 * Hands the trace header of a workflow on to its activities, its children and its next run. It makes no spans and changes
 * no history: histories with and without it replay both ways.
 */
export function interceptors(): WorkflowInterceptors {
  const relay = new TraceRelay();
  return { inbound: [relay], outbound: [relay] };
}

class TraceRelay implements WorkflowInboundCallsInterceptor, WorkflowOutboundCallsInterceptor {
  #carried: Headers = {};

  execute(input: WorkflowExecuteInput, next: Next<WorkflowInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const header = input.headers[TRACE_HEADER];
    if (header !== undefined) this.#carried = { [TRACE_HEADER]: header };
    return next(input);
  }

  scheduleActivity(
    input: ActivityInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>,
  ): Promise<unknown> {
    return next({ ...input, headers: { ...this.#carried, ...input.headers } });
  }

  startChildWorkflowExecution(
    input: StartChildWorkflowExecutionInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'startChildWorkflowExecution'>,
  ): Promise<[Promise<string>, Promise<unknown>]> {
    return next({ ...input, headers: { ...this.#carried, ...input.headers } });
  }

  continueAsNew(
    input: ContinueAsNewInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'continueAsNew'>,
  ): Promise<never> {
    return next({ ...input, headers: { ...this.#carried, ...input.headers } });
  }
}
