/** Temporal header that carries the trace from a command to its activities: a W3C carrier as a JSON payload. */
export const TRACE_HEADER = '_tracer-data';
