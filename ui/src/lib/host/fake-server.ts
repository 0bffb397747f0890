import type { ServerSettings, ServerState, ServerView } from './bindings';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** The local server in memory. Port 11434 is another program's. */
export type FakeServerHost = Pick<
  Host,
  'server' | 'setServer' | 'serverToken' | 'renewServerToken' | 'onServer'
>;

export interface FakeServerOptions {
  server?: Partial<ServerView>;
}

const usual: ServerSettings = { on: false, port: 12434, lan: false, nParallel: 4 };
const takenPort = 11434;

export function fakeServer(options: FakeServerOptions): FakeServerHost {
  const listeners = new Set<(view: ServerView) => void>();
  let tokens = 1;
  let view: ServerView = {
    settings: usual,
    state: { kind: 'off' },
    running: 0,
    waiting: 0,
    ...options.server,
  };
  const token = () => ({ token: `paddock-token-${tokens}`, place: 'session' as const });
  return {
    server: async () => structuredClone(view),
    setServer: async (settings) => {
      if ((settings.port ?? 0) < 1024) throw fakeError('badInput');
      view = { ...view, settings, state: stateOf(settings) };
      listeners.forEach((listener) => listener(structuredClone(view)));
      return structuredClone(view);
    },
    serverToken: async () => token(),
    renewServerToken: async () => {
      tokens += 1;
      return token();
    },
    onServer: async (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function stateOf({ on, port, lan }: ServerSettings): ServerState {
  if (!on) return { kind: 'off' };
  if (port === takenPort)
    return {
      kind: 'failed',
      error: {
        ...fakeError('busy'),
        message: `Port ${port} is taken by ollama (process 4242).`,
        hint: 'End that program, or choose another port.',
        what: { kind: 'portTaken', port, by: 'ollama (process 4242)' },
      },
    };
  const url = `http://127.0.0.1:${port}`;
  return { kind: 'on', url, lanUrl: lan ? `http://192.168.1.5:${port}` : null };
}
