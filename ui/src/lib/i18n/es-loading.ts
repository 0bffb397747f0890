import type { loadingWords as english } from './en-loading';
import type { Spanish } from './shape';

/** Spanish: how loads are held back, what was made smaller, what is read from the disk, how long a model is kept. */
export const loadingWords: Spanish<typeof english> = {
  loading: {
    notes: 'Sobre este modelo',
    stop: 'Detener la carga',
    anyway: 'Cargar de todos modos',
    smaller: 'Cargar {{name}} en su lugar ({{size}})',
    fitting: 'Ajustado a la memoria que está libre',
    remembered: 'Como la última vez: los ajustes completos no cabían aquí.',
    inFull: 'Probar otra vez los ajustes completos',
    step: {
      fewerLayers: 'Capas en la tarjeta gráfica: {{from}} → {{to}}',
      notRearranged:
        'Los pesos se quedan como están en el archivo: algo más lento, y sin copia en memoria',
      smallerMicroBatch: 'Microlote: {{from}} → {{to}} tokens',
      smallerKvCache: 'Caché KV: 16 → 8 bits',
      shorterContext: 'Contexto: {{from}} → {{to}} tokens',
    },
    shortOf: {
      ram: 'memoria necesaria {{needed}}, libre {{free}}',
      gpu: 'memoria gráfica necesaria {{needed}}, libre {{free}}',
    },
    fromDisk: 'Mayor que la RAM',
    fromDiskPrice:
      'Cada token lee {{least}}–{{most}} del disco, que lee {{speed}} GB por segundo: unos {{leastS}}–{{mostS}} s por token.',
    diskAssumed: 'La velocidad del disco es una suposición.',
    fromDiskLive: 'Esta respuesta: {{read}} leídos, {{seconds}} s por token.',
    fromDiskReading: 'Esta respuesta: {{read}} leídos.',
    ramLimit: 'El motor puede usar {{size}} de memoria; el sistema lo hace cumplir.',
    ramLimitPlanned:
      'El motor debería usar {{size}} de memoria como máximo. Este sistema no lo hace cumplir; solo se tiene en cuenta al planificar.',
    notOnGpu: {
      unusable:
        'Funciona en el procesador: el motor no puede calcular en la {{gpu}}. Quizá falte un controlador.',
      gone: 'Funciona en el procesador: la tarjeta gráfica que usó la última vez ya no está. Reiniciar el ordenador puede devolverla.',
      notTaken: 'Se pidieron {{asked}} capas en la tarjeta gráfica y ninguna llegó allí.',
    },
    slower: 'Más lento de lo debido: {{measured}} en lugar de {{expected}}.',
    slowerBecause: {
      gpuNotUsed:
        'Es tan lento como el procesador solo: parece que la tarjeta gráfica no se usa. Actualiza su controlador y vuelve a cargar el modelo.',
      spilledIntoRam:
        'La tarjeta gráfica está casi llena y su controlador puede tener una parte en la memoria principal. Carga el modelo con menos capas o cierra lo que usa la tarjeta.',
      ramShort:
        'La memoria está casi llena y partes del modelo pueden haber pasado al disco. Cierra otros programas o elige un modelo más pequeño.',
      diskSlow: 'El disco lee más despacio de lo esperado. Quizá lo usen otros programas.',
      unknown: 'Otros programas, el ahorro de energía o el calor pueden frenarlo.',
    },
    resting: 'Descargado tras {{time}} sin mensajes. El próximo mensaje lo carga de nuevo.',
    restsAfter: 'Se descarga tras {{time}} sin mensajes.',
    restsAtOnce: 'Se descarga después de cada respuesta.',
    moment: 'un momento',
    seconds: '{{value}} s',
    minutes: '{{value}} min',
    concern: {
      notEnoughRam:
        'Necesita {{needed}} de memoria que no se puede devolver, y hay {{free}} libres.',
      littleRamLeft:
        'Deja {{left}} de memoria para todo lo demás; deberían quedar libres {{wanted}}.',
      notEnoughOnGpu: 'Su parte en la {{gpu}} necesita {{needed}}, y allí hay {{free}} libres.',
      littleLeftOnGpu: 'Deja {{left}} en la {{gpu}}; deberían quedar libres {{wanted}}.',
      beyondWorkingSet:
        'La GPU tendría {{needed}}, y macOS recomienda {{workingSet}} como máximo. Más allá, se pueden cerrar programas.',
      readsFromDisk:
        'Es mayor que la memoria libre: de {{least}} a {{most}} se leen del disco por cada token, unos {{speed}}.',
    },
  },
  loadingSettings: {
    guardrail: 'Protección',
    guardrailHint: 'Qué se retiene antes de una carga. «Cargar de todos modos» está siempre.',
    level: {
      off: 'Ninguna',
      relaxed: 'Relajada',
      balanced: 'Equilibrada',
      strict: 'Estricta',
    },
    levelHint: {
      off: 'No se retiene nada.',
      relaxed: 'Retiene lo que no puede caber.',
      balanced: 'Retiene lo que no puede caber y lo que se leería del disco por cada token.',
      strict:
        'Retiene también lo que deja libre menos de una décima parte de la memoria o 1 GB de una tarjeta gráfica.',
    },
    keep: 'Mantener un modelo en memoria',
    keepHint: 'Cuánto tiempo tras la última respuesta. El próximo mensaje lo carga de nuevo.',
    keepUnit: 'minutos',
    keepOption: {
      never: 'Siempre',
      atOnce: 'Hasta que acabe la respuesta',
      minutes: 'Unos minutos',
    },
    keepProblem: 'Escribe de 1 a 10.080 minutos.',
    ram: 'Límite de RAM',
    ramHint:
      'Lo máximo que el motor puede tomar de la memoria principal. Un modelo mayor se lee entonces del disco mientras responde. Vacío: lo que esté libre.',
    ramUnit: 'GB',
    ramProblem: 'Escribe 0,2 GB o más, o nada.',
  },
};
