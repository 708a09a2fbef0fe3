import { CreateConnection, type CreateConnectionOptions } from './create-connection.ts';
import { Transport, type Exchange, type HttpRequest, type TransportOptions } from './transport.ts';

/** How the client's exchanges travel: the seam below which simulations put a network of their own. */
export interface Wire {
  /** One exchange over kept connections; never throws. */
  exchange(request: HttpRequest): Promise<Exchange>;
  /** A connection of its own for one create, open and silent until `write`. */
  openCreate(options: CreateConnectionOptions): Promise<OpenCreate | (Exchange & { readonly kind: 'broken' })>;
  close(): Promise<void>;
}

export type OpenCreate = Pick<CreateConnection, 'usable' | 'write' | 'discard'>;

export function socketWire({ baseUrl, timeoutMs, ca }: Pick<TransportOptions, 'baseUrl' | 'timeoutMs' | 'ca'>): Wire {
  const transport = new Transport({ baseUrl, timeoutMs, ca });
  return {
    exchange: (request) => transport.exchange(request),
    openCreate: (options) => CreateConnection.open(options),
    close: () => transport.close(),
  };
}
