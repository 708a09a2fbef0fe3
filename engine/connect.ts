import type { Client, ClientOptions, Connection, ConnectionOptions } from '@temporalio/client';
import type { loadClientConnectConfig } from '@temporalio/envconfig';
import { EngineUnreachable } from './engine-errors.ts';
import { NAMESPACE } from './server-process.ts';
import { traceClientInterceptor } from './trace-interceptor.ts';

type ConnectConfig = ReturnType<typeof loadClientConnectConfig>;

/** Where a Temporal server is and how to reach it; what client and worker connections are both made from. */
export interface EngineTarget {
  readonly address: string;
  readonly namespace: string;
  /** Address, TLS, key and metadata, as `Connection.connect` and `NativeConnection.connect` take them. Holds secrets. */
  readonly connectionOptions: ConnectConfig['connectionOptions'];
  /** `embedded`, or the TEMPORAL_* variables that chose it. */
  readonly chosenBy: string;
}

/** Each of them alone says "a Temporal server of my own": nothing embedded is started then. */
const DECIDING = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
] as const;

const DEFAULT_ADDRESS = 'localhost:7233';
const CONNECT_TIMEOUT_MS = 5_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the environment names a Temporal server (contract section 3: then neither engine nor worker is started). */
export function temporalConfigured(env: Environment): boolean {
  return decidingVariables(env).length > 0;
}

/** Target of an embedded engine's handle. */
export function embeddedTarget(engine: { readonly address: string; readonly namespace: string }): EngineTarget {
  const { address, namespace } = engine;
  return { address, namespace, connectionOptions: { address }, chosenBy: 'embedded' };
}

/**
 * Target that TEMPORAL_* variables and profiles name, read by Temporal's own rules. Throws EngineUnreachable when they
 * cannot be understood (a profile that is not in the file, a certificate that cannot be read).
 */
export async function configuredTarget(env: Environment): Promise<EngineTarget> {
  const chosenBy = decidingVariables(env).join(', ');
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) given[name] = value;
  // Loaded when needed: most commands run on the embedded engine.
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: given });
    const address = connectionOptions.address ?? DEFAULT_ADDRESS;
    return {
      address,
      namespace: namespace ?? NAMESPACE,
      connectionOptions: { ...connectionOptions, address },
      chosenBy,
    };
  } catch (error) {
    throw new EngineUnreachable(
      env['TEMPORAL_ADDRESS'] ?? 'unknown',
      `the Temporal settings cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      `correct ${chosenBy}, or unset them to use the embedded engine`,
      { cause: error },
    );
  }
}

/** What a client needs besides the target; interceptors carry traces. */
export type ConnectOptions = Pick<ClientOptions, 'interceptors' | 'dataConverter' | 'identity'> & {
  /** Default 5 s, for the connection and again for the namespace. */
  readonly timeoutMs?: number;
};

export interface EngineClient {
  readonly connection: Connection;
  readonly client: Client;
  readonly target: EngineTarget;
}

/**
 * Connects, and makes sure the namespace is there, so that whoever gets a client can start work. Rejects with
 * EngineUnreachable. The caller closes the connection.
 */
export async function connectClient(target: EngineTarget, options: ConnectOptions = {}): Promise<EngineClient> {
  const { timeoutMs = CONNECT_TIMEOUT_MS, ...clientOptions } = options;
  // Loaded here, not above: it takes 0.3 s, which commands without an engine and a starting server need not wait for.
  const { Client, Connection } = await import('@temporalio/client');
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...clientConnectionOptions(target), connectTimeout: timeoutMs });
    const { workflowService } = connection;
    const { namespace } = target;
    await connection.withDeadline(Date.now() + timeoutMs, async () => workflowService.describeNamespace({ namespace }));
    const interceptors = { workflow: [traceClientInterceptor()] };
    const client = new Client({ connection, namespace, interceptors, ...clientOptions });
    return { connection, client, target };
  } catch (error) {
    await connection?.close();
    throw unreachable(target, error);
  }
}

function clientConnectionOptions({ address, connectionOptions }: EngineTarget): ConnectionOptions {
  const { tls, apiKey, metadata } = connectionOptions;
  return {
    address,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** gRPC status codes that say "there, but not for you", where looking at the network would be time lost. */
const REFUSALS: Readonly<Record<number, string>> = {
  5: 'does not know the namespace',
  7: 'refuses these credentials for the namespace',
  16: 'refuses these credentials',
};

function unreachable(target: EngineTarget, error: unknown): EngineUnreachable {
  const { address, namespace, chosenBy } = target;
  const code = typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : Number.NaN;
  const refusal = REFUSALS[code];
  const what = refusal
    ? `the Temporal server at ${address} ${refusal} "${namespace}"`
    : `no Temporal server answers at ${address}`;
  const cure =
    chosenBy === 'embedded'
      ? 'run the same command again, which starts the embedded engine anew'
      : refusal
        ? `correct namespace, key or profile (set by ${chosenBy})`
        : `start that server or correct the address (set by ${chosenBy}; unset to use the embedded engine)`;
  return new EngineUnreachable(address, what, cure, { cause: error });
}

function decidingVariables(env: Environment): string[] {
  return DECIDING.filter((name) => env[name]);
}

/** Whether only this machine can reach the address: a SQLite ledger is refused with any other engine (design D14). */
export function isLoopback(address: string): boolean {
  const host = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
