/** What workflows carry: keys and counts only (design D2). URLs, faces, item ids and secrets stay in the ledger. */

export interface BatchInput {
  /** Id of the batch in the ledger. */
  readonly batch: string;
  readonly ledger8: string;
  readonly account: string;
  readonly lanes: number;
  /** The account's request timeout: bounds `createTask`. */
  readonly requestTimeoutMs: number;
}

export interface LaneInput extends BatchInput {
  readonly lane: number;
}

/** What a pass of `advance` found due. */
export interface Due {
  readonly analyse: readonly number[];
  readonly create: readonly number[];
  readonly collect: readonly number[];
  /** Nothing is due for this long: the lane sleeps on a durable timer. */
  readonly idleMs: number | null;
  /** Every item of the lane ended or waits for somebody. */
  readonly closed: boolean;
}

/** A task id that could not be written into the ledger by the activity that got it. */
export interface UnboundTask {
  readonly attempt: number;
  readonly taskId: string;
  readonly hold: number | null;
  readonly createdAtMs: number;
}
