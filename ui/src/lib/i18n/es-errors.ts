import type { trouble as english } from './en-errors';
import { addressFaults, remoteNow, remoteWhat } from './es-remotes';
import type { Spanish } from './shape';

/** Spanish: what went wrong, why, and what to do. */
export const trouble: Spanish<typeof english> = {
  errors: {
    title: 'Algo ha ido mal',
    internal: 'Algo ha ido mal dentro de Paddock, y no hay una descripción mejor.',
    details: 'Detalles',
    copyDetails: 'Copiar los detalles',
    tryAgain: 'Reintentar',
    takeOff: 'Quitar de la lista',
    newChat: 'Chat nuevo',
    loadAnyway: 'Cargar de todos modos',
    chooseModel: 'Elegir otro modelo',
    checkServer: 'Abrir los servidores',
    dismiss: 'Cerrar',
    says: {
      noModel: 'No hay ningún modelo con el que hacerlo.',
      modelRefused: 'El modelo no se puede usar.',
      loadFailed: 'No se pudo cargar el modelo.',
      heldBack: 'El modelo no se ha cargado: quizá no quepa.',
      engineDied: 'El motor ha terminado.',
      engineHung: 'El motor dejó de responder.',
      promptTooLong: 'La conversación es demasiado larga.',
      busy: 'Ahora hay otra cosa en marcha.',
      notFound: 'No se encontró.',
      badInput: 'Así no se puede hacer.',
      gated: 'Solo está abierto a quienes aceptaron sus condiciones.',
      licenceNotAccepted: 'Antes hay que aceptar la licencia.',
      remoteKey: 'Falta la clave de otro servidor, o la rechaza.',
      remoteFailed: 'Otro servidor no se puede usar ahora.',
      remoteRefused: 'Otro servidor no hace esto.',
      storage: 'El disco o la base de datos lo han rechazado.',
      internal: 'Algo ha ido mal dentro de Paddock.',
    },
  },
  addressFaults,
  what: {
    ...remoteWhat,
    engineKilled:
      'El motor fue terminado desde fuera; casi siempre significa que el ordenador se quedó sin memoria.',
    engineGpuFull: 'El motor ha terminado porque la tarjeta gráfica se quedó sin memoria.',
    engineGpuError: 'El motor ha terminado porque el controlador gráfico dio un error.',
    engineAborted:
      'El motor se ha terminado a sí mismo: llama.cpp llegó a un punto del que no puede seguir.',
    engineCrashed: 'El motor se ha estrellado.',
    engineTooNew:
      'El motor ha terminado porque a este procesador le falta una instrucción que necesita (AVX2, FMA o F16C).',
    engineExited: 'El motor ha terminado de forma inesperada (código de salida {{exitCode}}).',
    engineHung_one: 'El motor no dio señales de vida durante {{count}} segundo y fue terminado.',
    engineHung_many:
      'El motor no dio señales de vida durante {{count}} de segundos y fue terminado.',
    engineHung_other: 'El motor no dio señales de vida durante {{count}} segundos y fue terminado.',
    engineBabbled: 'El motor envió algo que no tiene sentido y fue terminado.',
    engineNotStarted: 'No se pudo arrancar el motor: {{reason}}.',
    unknownArchitecture:
      '«{{file}}» tiene una arquitectura que esta versión de llama.cpp no conoce ({{architecture}}).',
    fileIncomplete:
      '«{{file}}» está incompleto: parte de sus datos queda más allá del final del archivo.',
    loadHeldBack: '«{{name}}» no se ha cargado: quizá no quepa en la memoria que está libre ahora.',
    loadStopped: 'La carga se ha detenido.',
    noMemoryForModel: 'No hay memoria suficiente para «{{file}}».',
    notAWholeModel:
      '«{{file}}» no es un modelo completo: le faltan partes que los de su clase deben tener.',
    noDecoder: '«{{file}}» no es un modelo que escriba respuestas (no tiene decodificador propio).',
    cannotLoad: 'llama.cpp no pudo cargar «{{file}}».',
    noMemoryForContext:
      'No hay memoria suficiente para un contexto de {{nCtx}} tokens junto al modelo.',
    noModel: 'No hay ningún modelo cargado.',
    promptTooLong:
      'Esta conversación tiene {{nTokens}} tokens y no cabe en el contexto de {{nCtx}} tokens.',
    conversationTooLong:
      'Esta conversación tiene {{nTokens}} tokens. Con {{reserve}} reservados para la respuesta, no cabe en el contexto de {{nCtx}} tokens.',
    messageTooLong:
      'Este mensaje, sin los anteriores, tiene {{nTokens}} tokens. Con {{reserve}} reservados para la respuesta, no cabe en el contexto de {{nCtx}} tokens.',
    answerUnderway: 'Todavía se está escribiendo una respuesta en esta conversación.',
    modelAtWork: 'El modelo está trabajando.',
    closing: 'Paddock se está cerrando.',
    portTaken: 'El puerto {{port}} lo ocupa {{by}}.',
    portTakenBySome: 'El puerto {{port}} lo ocupa otro programa.',
    serverNotStarted: 'No se ha podido iniciar el servidor local: {{reason}}.',
    modelLoaded: '«{{name}}» está cargado, así que no se ha borrado.',
    modelInCheck: '«{{name}}» se está verificando.',
    conversationGone: 'Esta conversación ya no existe.',
    messageGone: 'Este mensaje ya no existe.',
    downloadGone: 'Esta descarga ya no está en la lista.',
    storageFull:
      'El disco está lleno y no se puede guardar nada más. Libera espacio y vuelve a intentarlo.',
    storageReadOnly:
      'No se puede escribir el archivo de conversaciones. Comprueba que la carpeta no sea de solo lectura.',
    storageBusy:
      'Otro programa está usando el archivo de conversaciones. Ciérralo y vuelve a intentarlo.',
    fileMissing:
      'No existe el archivo {{path}}. Puede que se haya movido o borrado; elígelo otra vez.',
    fileForbidden: 'Paddock no tiene permiso para leer {{path}}. Revisa los permisos del archivo.',
    fileEmpty:
      '«{{file}}» está vacío: lo más probable es que su descarga no llegara a empezar. Descárgalo otra vez.',
    partMissing:
      'El modelo está repartido en {{count}} archivos y falta «{{file}}». Ponlos todos en una misma carpeta.',
    notGguf: '«{{file}}» no es un modelo GGUF. Elige un archivo que termine en .gguf.',
    fileDamaged:
      '«{{file}}» no es lo que se publicó: {{value}} están dañados. Puede que el disco esté fallando o que otro programa lo haya cambiado.',
    fileTooLong:
      '«{{file}}» no es lo que se publicó: le sobran bytes. Puede que el disco esté fallando o que otro programa lo haya cambiado.',
    fileOther:
      '«{{file}}» no es lo que se publicó: su suma de comprobación es otra. Puede que el disco esté fallando o que otro programa lo haya cambiado.',
    licenceNotAccepted: '{{repo}} está bajo la {{licence}}.',
    gated:
      '{{repo}} solo está abierto a quienes aceptaron su licencia. Abre {{page}}, acéptala allí y pon un token de acceso de tu cuenta (HF_TOKEN, se crea en huggingface.co/settings/tokens).',
    gatedToken:
      '{{repo}} solo está abierto a quienes aceptaron su licencia. Abre {{page}}, acéptala allí y asegúrate de que el token de acceso (HF_TOKEN) sea de la misma cuenta.',
    tokenRefused:
      '«{{host}}» no acepta el token de acceso: puede que se haya revocado. Crea otro en huggingface.co/settings/tokens y ponlo como HF_TOKEN.',
    unreachable:
      'No se pudo llegar a «{{host}}»: {{reason}}. Comprueba la conexión a internet y vuelve a intentarlo.',
    proxyLogin:
      'El proxy «{{proxy}}» pide iniciar sesión antes de dejar pasar nada. Inicia sesión en la red, o pon nombre y contraseña en su dirección: HTTPS_PROXY=http://name:password@host:port.',
    certificate:
      'No se pudo llegar a «{{host}}» de forma segura: su certificado no es de confianza ({{reason}}). Si tu empresa o un antivirus mira dentro de las conexiones, instala su certificado en este sistema; si no, no te fíes de esta red.',
    silent_one:
      '«{{host}}» dejó de responder: no llegó nada durante {{count}} segundo. Vuelve a intentarlo más tarde.',
    silent_many:
      '«{{host}}» dejó de responder: no llegó nada durante {{count}} de segundos. Vuelve a intentarlo más tarde.',
    silent_other:
      '«{{host}}» dejó de responder: no llegó nada durante {{count}} segundos. Vuelve a intentarlo más tarde.',
    tooSlow_one:
      '«{{host}}» responde demasiado despacio: tras {{count}} segundo no había terminado. Vuelve a intentarlo más tarde o con una conexión mejor.',
    tooSlow_many:
      '«{{host}}» responde demasiado despacio: tras {{count}} de segundos no había terminado. Vuelve a intentarlo más tarde o con una conexión mejor.',
    tooSlow_other:
      '«{{host}}» responde demasiado despacio: tras {{count}} segundos no había terminado. Vuelve a intentarlo más tarde o con una conexión mejor.',
    cut: 'Se perdió la conexión con «{{host}}» en mitad de una respuesta: {{reason}}. Vuelve a intentarlo.',
    noRepo:
      'No hay ningún repositorio {{repo}} que todos puedan ver. Comprueba su nombre en {{page}}; si es privado, pon un token de una cuenta que pueda leerlo (HF_TOKEN).',
    noRepoToken:
      'No hay ningún repositorio {{repo}} que este token de acceso pueda ver. Comprueba su nombre en {{page}}; si es privado, pon un token de una cuenta que pueda leerlo (HF_TOKEN).',
    noQuant: '{{repo}} no tiene ningún modelo «{{wanted}}».',
    noQuantBut:
      '{{repo}} no tiene ningún modelo «{{wanted}}». Elige uno de los que tiene: {{nearest}}.',
    noModels:
      '{{repo}} no contiene ningún modelo GGUF. Busca un repositorio del mismo modelo con «GGUF» en el nombre.',
    tooManyRequests: '«{{host}}» no acepta más peticiones por ahora. {{again}}',
    againLater: 'Vuelve a intentarlo en unos minutos.',
    againSeconds_one: 'Vuelve a intentarlo en un segundo.',
    againSeconds_many: 'Vuelve a intentarlo en {{count}} de segundos.',
    againSeconds_other: 'Vuelve a intentarlo en {{count}} segundos.',
    againMinutes_one: 'Vuelve a intentarlo en {{count}} minuto.',
    againMinutes_many: 'Vuelve a intentarlo en {{count}} de minutos.',
    againMinutes_other: 'Vuelve a intentarlo en {{count}} minutos.',
    serverFault:
      '«{{host}}» tiene un fallo en este momento (estado {{status}}). Vuelve a intentarlo en unos minutos.',
    webPage:
      '«{{host}}» respondió con una página web en lugar de datos, como hace la página de inicio de sesión de una red o una página de error. Abre una página en tu navegador para ver si tienes que iniciar sesión y vuelve a intentarlo.',
    noChecksum:
      'El servidor no publica la suma de comprobación de «{{file}}», así que nadie podría saber si llegó entero. Elige otro repositorio.',
    diskFull:
      'No hay sitio suficiente en «{{folder}}». La descarga necesita {{needed}} más y hay {{free}} libres. Libera {{less}}, o elige una carpeta en otra unidad.',
    fileTooLarge:
      'La unidad de «{{folder}}» no admite un archivo de {{size}}, como pasa con el antiguo sistema de archivos FAT32 (4 GB como mucho). Elige una carpeta en otra unidad, o formatea esta con exFAT.',
    folderReadOnly:
      'No se puede escribir en «{{folder}}»: {{reason}}. Elige una carpeta en la que puedas escribir.',
    occupied:
      'Ya hay otro archivo en «{{path}}». Cámbiale el nombre o bórralo, y empieza la descarga otra vez.',
    wrongHash:
      '«{{file}}» llegó dos veces con bytes distintos de los publicados: algo en el camino hacia «{{host}}» los cambia. No se ha conservado nada. Prueba con otra red o con otro servidor.',
  },
  whatNow: {
    anyway: 'Cárgalo de todos modos, cierra otros programas o elige un modelo más pequeño.',
    ...remoteNow,
    again: 'Tu próximo mensaje lo arranca otra vez.',
    againSmaller:
      'Tu próximo mensaje lo arranca otra vez. Si vuelve a pasar, elige un modelo o un contexto más pequeño.',
    newerProcessor: 'Paddock necesita un procesador de 2013 o más nuevo (Intel Haswell, AMD Zen).',
    otherFile: 'Elige otro archivo, o descarga este otra vez.',
    less: 'Elige un contexto más corto, menos capas en la GPU o un modelo más pequeño.',
    otherModel: 'Vuelve a intentarlo, o elige otro modelo.',
    chooseModel: 'Elige antes un modelo.',
    longerOrNew: 'Carga el modelo con un contexto más largo, o empieza un chat nuevo.',
    longerNewOrFewer:
      'Carga el modelo con un contexto más largo, empieza un chat nuevo, o deja fuera los mensajes antiguos.',
    longerOrLess: 'Carga el modelo con un contexto más largo, o envía menos de una vez.',
    waitOrStop: 'Espera a que termine, o detenla.',
    measureLater: 'Mide cuando haya terminado.',
    otherPort: 'Cierra ese programa o elige otro puerto.',
    otherSettings: 'Cambia sus ajustes y vuelve a intentarlo.',
    unloadFirst: 'Quítalo antes de la memoria.',
    deleteLater: 'Bórralo cuando eso termine.',
    acceptOnce: 'Léela y acéptala una vez; entonces puede empezar la descarga.',
    repair: 'Repáralo en Modelos, o descárgalo otra vez.',
  },
  delays: {
    unreachable: 'No se puede llegar a «{{host}}»: {{reason}}.',
    silent_one: '«{{host}}» no envió nada durante {{count}} segundo.',
    silent_many: '«{{host}}» no envió nada durante {{count}} de segundos.',
    silent_other: '«{{host}}» no envió nada durante {{count}} segundos.',
    cut: 'Se perdió la conexión con «{{host}}»: {{reason}}.',
    tooSlow: '«{{host}}» responde demasiado despacio.',
    proxyLogin: 'El proxy «{{proxy}}» pide iniciar sesión.',
    tooManyRequests: '«{{host}}» no acepta más peticiones por ahora.',
    serverFault: '«{{host}}» tiene un fallo en este momento (estado {{status}}).',
  },
  notices: {
    newVersion:
      '{{file}} cambió en el repositorio desde que empezó su descarga (commit {{commit}} en lugar de {{before}}). Lo que había aquí de la versión anterior se ha descartado y se descarga la nueva.',
    onceMore: '{{file}} llegó con bytes distintos de los publicados, así que se descarga otra vez.',
    changedMeanwhile:
      'Mientras tanto sus archivos cambiaron en el servidor, así que se vuelve a preguntar al repositorio.',
  },
  remoteProblems: {
    incomplete:
      'El modelo «{{model}}» no está completo en el servidor: faltan {{missing}} de sus {{count}} archivos, el primero «{{firstMissing}}». Elige otra cuantización, o vuelve a intentarlo cuando termine la subida.',
    dead: 'Ningún motor carga ya {{quant}}. Elige {{instead}} en su lugar.',
    deadWhy: 'Ningún motor carga ya {{quant}}. {{why}} Elige {{instead}} en su lugar.',
  },
};
