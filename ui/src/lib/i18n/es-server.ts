import type { server as english } from './en-server';
import type { Spanish } from './shape';

/** El servidor local, en los ajustes. */
export const server: Spanish<typeof english> = {
  serverSettings: {
    on: 'Responder a otros programas',
    onHint:
      'Un servidor local con las interfaces de OpenAI y Anthropic. Editores, scripts y agentes de este ordenador pueden usar tu modelo.',
    address: 'Dirección',
    addressHint: 'Lo que otros programas piden como URL base.',
    copyAddress: 'Copiar la dirección',
    off: 'Apagado. Nada escucha en ningún puerto de este ordenador.',
    load: 'En curso: {{running}} · en espera: {{waiting}}',
    lanAddress: 'Desde otros ordenadores',
    key: 'Clave',
    keyHint: 'Los programas tienen que mostrarla. Va donde piden una clave de API.',
    keySession:
      'Este sistema no tiene llavero, así que la clave vale hasta que se cierre Paddock; después se crea otra.',
    showKey: 'Mostrar',
    hideKey: 'Ocultar',
    copyKey: 'Copiar la clave',
    copyKeyShort: 'Copiar',
    renewKey: 'Renovar',
    renewAsk: '¿Crear otra clave?',
    renewText: 'Los programas que usan la actual serán rechazados hasta que tengan la nueva.',
    saidRenewed: 'Ahora hay otra clave.',
    port: 'Puerto',
    portHint: 'De 1024 a 65535; lo normal es 12434.',
    portProblem: 'Un número entero de 1024 a 65535.',
    parallel: 'Respuestas a la vez',
    parallelHint: 'Comparten el contexto del modelo. Vale desde la próxima carga.',
    parallelProblem: 'Un número entero de 1 a 64.',
    lan: 'Abrir a la red',
    lanHint:
      'Otros ordenadores de tu red pueden usar el modelo si tienen la clave. Lo que envían y reciben no va cifrado.',
  },
};
