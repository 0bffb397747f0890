import type {
  addressFaults as englishFaults,
  remoteNow as englishNow,
  remotes as english,
  remoteWhat as englishWhat,
} from './en-remotes';
import type { Spanish } from './shape';

/** Spanish: other servers that answer, and what goes wrong with them. */
export const remotes: Spanish<typeof english> = {
  remotes: {
    list: 'Servidores que responden',
    listHint:
      'Cualquier servidor que hable la API de OpenAI, como vLLM, SGLang, llama-server u Ollama. Sus modelos aparecen en el selector. Solo se le pregunta cuando lo añades, actualizas sus modelos, le das una clave o escribes a uno de ellos; lo que le escribes sale de este ordenador.',
    words: 'remoto api openai ollama vllm sglang llama-server lm studio clave nube red',
    none: 'No hay ninguno.',
    add: 'Añadir un servidor',
    addTitle: 'Un servidor nuevo',
    address: 'Dirección',
    addressHint: 'Como http://192.168.1.5:11434 o https://api.example.com/v1.',
    name: 'Nombre',
    nameHint: 'Vacío: como su dirección.',
    key: 'Clave',
    keyHint:
      'Si la pide. Se guarda en el llavero del sistema o, si no lo hay, hasta que cierres Paddock.',
    newKeyHint:
      'Con ella se piden sus modelos al servidor. Si la rechaza, queda la clave anterior.',
    save: 'Añadirlo y listar sus modelos',
    asking: 'Preguntando al servidor',
    cancel: 'Cancelar',
    models_one: '{{count}} modelo',
    models_many: '{{count}} de modelos',
    models_other: '{{count}} modelos',
    keyIs: {
      none: 'sin clave',
      keychain: 'clave en el llavero',
      session: 'clave hasta que cierres Paddock',
      lost: 'hay que volver a escribir la clave',
    },
    here: 'en este ordenador',
    away: 'sale de este ordenador',
    refresh: 'Actualizar modelos',
    refreshLabel: 'Actualizar los modelos de {{name}}',
    rename: 'Cambiar nombre',
    renameLabel: 'Cambiar el nombre de {{name}}',
    renameSave: 'Cambiar nombre',
    changeKey: 'Cambiar clave',
    changeKeyLabel: 'Cambiar la clave de {{name}}',
    keySave: 'Usar esta clave',
    keyForget: 'No usar clave',
    remove: 'Quitar',
    removeLabel: 'Quitar {{name}}',
    removeTitle: '¿Quitar {{name}}?',
    removeText:
      'Se olvidan su dirección y su clave, y sus modelos salen del selector. Las conversaciones con ellos se quedan.',
    removing: 'Quitando',
    saidAdded: '{{name}} está añadido',
    saidRefreshed: 'Los modelos de {{name}} están actualizados',
    saidRenamed: 'Ahora se llama {{name}}',
    saidKey: 'La clave de {{name}} ha cambiado',
    saidRemoved: '{{name}} está quitado',
    groupAway: 'Lo que escribes a estos modelos sale de este ordenador y va a {{host}}.',
    groupHere: 'Otro programa de este ordenador: {{host}}.',
    addFromPicker: 'Añadir otro servidor…',
    mark: 'Las respuestas vienen de {{host}}',
    goesTo: 'Lo que escribes va a {{host}}.',
    waits: 'Esperando a {{host}}',
    context: '{{tokens}} tokens de contexto',
    loadedAs: '{{name}} en {{host}}',
  },
};

export const remoteWhat: Spanish<typeof englishWhat> = {
  remoteAddress: '{{given}} no es la dirección de un servidor: {{fault}}.',
  remoteKeyUnsendable: 'Esta clave no se puede enviar: tiene caracteres que ninguna clave tiene.',
  remoteNoTls: 'Aquí no son posibles las conexiones cifradas: {{reason}}.',
  remoteUnreachable: 'No se puede llegar a {{host}}: {{reason}}.',
  remoteSilent_one: '{{host}} lleva {{count}} segundo sin decir nada.',
  remoteSilent_many: '{{host}} lleva {{count}} de segundos sin decir nada.',
  remoteSilent_other: '{{host}} lleva {{count}} segundos sin decir nada.',
  remoteKeyRefused: '{{host}} rechaza la clave (estado {{status}}).',
  remoteKeyLost: 'No se pudo leer la clave de «{{name}}».',
  remoteNoModel: '{{host}} no tiene ningún modelo llamado «{{model}}».',
  remoteNoApi: '{{host}} no habla la API de chat de OpenAI en esta dirección.',
  remoteBusy: '{{host}} tiene demasiado que hacer. {{again}}',
  remoteRefused: '{{host}} rechazó la petición (estado {{status}}): {{said}}',
  remoteCut: 'La conexión con {{host}} terminó en medio de la respuesta.',
  remoteModelGone: 'El servidor de «{{model}}» ya no está en la lista.',
  remoteServerGone: 'Este servidor ya no está en la lista.',
  remoteCannotContinue: '{{host}} no puede seguir una respuesta empezada: su API no lo permite.',
  remoteFiltered: '{{host}} terminó la respuesta: sus propias reglas prohíben el resto.',
};

export const addressFaults: Spanish<typeof englishFaults> = {
  unreadable: 'no se puede leer',
  holdsPassword: 'el nombre o la contraseña van en el campo de la clave',
  noHost: 'no nombra ningún servidor',
  hasQuery: 'termina en una consulta o una marca',
  inTheClear: 'fuera de tu propia red tiene que empezar por https://',
  otherScheme: 'no empieza por https:// ni por http://',
};

export const remoteNow: Spanish<typeof englishNow> = {
  remoteCorrect: 'Corrígela e inténtalo de nuevo.',
  remoteCopyKey: 'Copia la clave otra vez, sin espacios ni saltos de línea.',
  remoteCheckKey: 'Revisa la clave en Ajustes, Otros servidores.',
  remoteKeyAgain:
    'Desbloquea el llavero del sistema o vuelve a escribir la clave en Ajustes, Otros servidores.',
  remoteCertificates: 'Revisa los certificados de este sistema.',
  remoteStart: 'Inicia el servidor, o revisa su dirección y la red.',
  remoteHangs:
    'Inténtalo de nuevo; quizá el servidor aún esté cargando el modelo, o se haya colgado.',
  remoteKept: 'Lo que llegó se conserva. Inténtalo de nuevo para una respuesta entera.',
  remoteOtherModel: 'Actualiza los modelos del servidor, o elige otro modelo.',
  remoteCheckAddress: 'Revisa la dirección; la mayoría termina en /v1.',
  remoteChange: 'Cambia lo que nombra, o elige otro modelo.',
  remoteAddAgain: 'Elige otro modelo, o añade el servidor otra vez.',
  remoteAskAnew: 'Pide una respuesta nueva, o pídele que siga en tu próximo mensaje.',
  remoteRules: 'Cambia tu mensaje, o elige otro modelo.',
};
