import type {
  ApiError,
  EngineState,
  ModelEntry,
  NewRemote,
  RemotePlace,
  RemoteServer,
} from './bindings';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** Other servers, in memory. */
export type FakeRemotesHost = Pick<
  Host,
  'listRemotes' | 'addRemote' | 'refreshRemote' | 'renameRemote' | 'setRemoteKey' | 'removeRemote'
>;

export interface FakeRemotesOptions {
  /** Those that are known at the start. */
  remotes?: RemoteServer[];
}

/**
 * What an address can ask of it: `nobody` in it is not reached, `locked` wants the key `right`,
 * `localhost` is this computer.
 */
export class FakeRemotes {
  #servers: RemoteServer[];
  #wait: (ms: number) => Promise<void>;
  /** What was asked of servers, for tests: nothing without a click. */
  asked: string[] = [];

  constructor(options: FakeRemotesOptions, wait: (ms: number) => Promise<void>) {
    this.#servers = structuredClone(options.remotes ?? []);
    this.#wait = wait;
  }

  entries(): ModelEntry[] {
    return this.#servers.flatMap((server) =>
      server.models.map(({ id, nCtx }) => ({
        path: `remote://${server.id}/${id}`,
        name: id,
        quant: null,
        sizeBytes: 0,
        selfTest: false,
        lastUsedMs: null,
        present: true,
        remote: placeOf(server, nCtx),
      })),
    );
  }

  host(engine: { state: EngineState; unloadModel(): Promise<void> }): FakeRemotesHost {
    const find = (id: string) => {
      const server = this.#servers.find((other) => other.id === id);
      if (!server) throw gone;
      return server;
    };
    return {
      listRemotes: async () => structuredClone(this.#servers),
      addRemote: async (server) => {
        const added = await this.#asked(server);
        this.#servers.push(added);
        return structuredClone(added);
      },
      refreshRemote: async (id) => {
        const server = find(id);
        await this.#ask(server.address, server.key === 'none' ? null : 'right');
        return structuredClone(server);
      },
      renameRemote: async (id, name) => {
        const server = find(id);
        server.name = name === '' ? server.host : name;
        return structuredClone(server);
      },
      setRemoteKey: async (id, key) => {
        const server = find(id);
        if (key !== null) await this.#ask(server.address, key);
        server.key = key === null ? 'none' : 'keychain';
        return structuredClone(server);
      },
      removeRemote: async (id) => {
        this.#servers.splice(this.#servers.indexOf(find(id)), 1);
        const { state } = engine;
        if ('model' in state && state.model.remote?.server === id) await engine.unloadModel();
      },
    };
  }

  async #asked({ address, name, key }: NewRemote): Promise<RemoteServer> {
    await this.#ask(address, key);
    const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
    return {
      ...fakeServer,
      id: `r${this.#servers.length + 1}${host}`,
      name: name === '' ? host : name,
      address,
      host,
      thisComputer: host.startsWith('localhost'),
      key: key === null ? 'none' : 'keychain',
    };
  }

  async #ask(address: string, key: string | null) {
    this.asked.push(address);
    await this.#wait(600);
    const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
    if (address.includes(' ')) throw badAddress(address);
    if (address.includes('nobody')) throw unreachable(host);
    if (address.includes('locked') && key !== 'right') throw keyRefused(host);
  }
}

export const fakeServer: RemoteServer = {
  id: 'r1',
  name: 'The box',
  address: 'http://gpu-box:8000/v1',
  host: 'gpu-box:8000',
  thisComputer: false,
  key: 'keychain',
  models: [
    { id: 'meta-llama/Llama-3.3-70B-Instruct', nCtx: 32_768 },
    { id: 'qwen3:32b', nCtx: null },
  ],
  listedAtMs: 1,
};

export function placeOf(server: RemoteServer, nCtx: number | null): RemotePlace {
  const { id, name, host, thisComputer } = server;
  return { server: id, name, host, thisComputer, nCtx };
}

const gone: ApiError = {
  ...fakeError('remoteRefused'),
  message: 'This server is no longer in the list.',
  hint: 'Choose another model, or add the server again.',
  what: { kind: 'remoteServerGone' },
};

function badAddress(given: string): ApiError {
  return {
    ...fakeError('badInput'),
    message: `${given} is no address of a server: it cannot be read.`,
    hint: 'Correct it and try again.',
    what: { kind: 'remoteAddress', given, fault: 'unreadable' },
  };
}

function unreachable(host: string): ApiError {
  return {
    ...fakeError('remoteFailed'),
    message: `${host} cannot be reached: Connection refused.`,
    hint: 'Start the server, or check its address and the network.',
    what: { kind: 'remoteUnreachable', host, reason: 'Connection refused' },
  };
}

function keyRefused(host: string): ApiError {
  return {
    ...fakeError('remoteKey'),
    message: `${host} refuses the key (status 401).`,
    what: { kind: 'remoteKeyRefused', host, status: 401 },
  };
}
