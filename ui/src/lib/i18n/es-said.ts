import type { said as english } from './en-said';
import type { Spanish } from './shape';

/** Spanish: what the planner says of a model here. */
export const said: Spanish<typeof english> = {
  verdict: {
    fitsOnGpu: 'Cabe en la GPU',
    fitsWithRam: 'Cabe con la RAM',
    readsFromDisk: 'Lee del disco',
    tooBig: 'Demasiado grande',
  },
  quality: {
    broken: 'Inservible',
    poor: 'Mala',
    weak: 'Floja',
    fair: 'Aceptable',
    good: 'Buena',
    veryGood: 'Muy buena',
    full: 'Completa',
    sentence: {
      broken: 'Inservible: pierde el hilo e inventa cosas; solo sirve para ver que funciona.',
      poor: 'Mala: errores claros en la mayoría de las respuestas largas.',
      weak: 'Floja: errores claros de vez en cuando, también en preguntas sencillas.',
      fair: 'Aceptable: deslices en los datos y en los razonamientos largos.',
      good: 'Buena: cerca del modelo completo; pocos deslices en los detalles.',
      veryGood: 'Muy buena: cuesta distinguirla del modelo completo.',
      full: 'Completa: nadie ha medido diferencia alguna con el modelo completo.',
    },
  },
  notes: {
    curiosity: 'Una curiosidad: apenas sirve.',
    largeEnds: '{{of}} con los embeddings y la salida en 8 bits.',
    oldFormat:
      'Un formato antiguo que los procesadores calculan deprisa. No se ha medido cuánto pierde; se muestra como cercano a {{shownAs}}.',
    likeAnother: 'Como {{other}} en tamaño y calidad.',
    usual: 'La elección habitual donde cabe.',
    asGoodAsFull: 'Tan buena como la precisión completa en todas las pruebas.',
    fullPrecision: 'Precisión completa.',
    gone: {
      rearranged:
        'llama.cpp abandonó este formato (tipos 31 a 33 de ggml). Q4_0 se reordena para el procesador al cargarlo, con la misma velocidad.',
    },
  },
  reasons: {
    onProcessor: 'En el procesador: aquí no hay ninguna tarjeta gráfica que el motor pueda usar.',
    nothingOnGpu: 'En el procesador: nada cabe en la {{gpu}}.',
    nothingOnGpus: 'En el procesador: nada cabe en {{gpus}}.',
    allOnGpus: 'Las {{nLayers}} capas en {{gpus}}.',
    someOnGpus: '{{nGpuLayers}} de {{nLayers}} capas en {{gpus}}, el resto en la RAM.',
    gpus_one: 'una tarjeta gráfica',
    gpus_many: '{{count}} de tarjetas gráficas',
    gpus_other: '{{count}} tarjetas gráficas',
    betterDoesNotFit: '¿Por qué no más? {{quant}} no cabe.',
    betterReadsFromDisk:
      '¿Por qué no más? {{quant}} no cabe en la memoria y habría que leerlo del disco en cada token.',
    betterIsSplit:
      '¿Por qué no más? {{quant}} no cabe entero en la GPU, y en Apple Silicon repartirlo es lo más lento de todo.',
    betterIsSlower: '¿Por qué no más? {{quant}} respondería a {{speed}}.',
    noneIsWhole:
      '¿Por qué no todo en la GPU? Ninguna cuantización de este modelo es lo bastante pequeña.',
    wholeIsWorse: {
      broken: '¿Por qué no todo en la GPU? {{quant}} cabe entero ({{speed}}), pero apenas sirve.',
      poor: '¿Por qué no todo en la GPU? {{quant}} cabe entero ({{speed}}), pero comete errores claros en la mayoría de las respuestas largas.',
      weak: '¿Por qué no todo en la GPU? {{quant}} cabe entero ({{speed}}), pero comete errores claros de vez en cuando.',
      other:
        '¿Por qué no todo en la GPU? {{quant}} cabe entero ({{speed}}), pero da respuestas más flojas.',
    },
    tablesOnProcessor:
      '¿Por qué no {{quant}}? Ocupa más o menos lo mismo, pero un procesador calcula más despacio los I-quants: buscan cada valor en una tabla.',
    tablesOnMetal:
      '¿Por qué no {{quant}}? Ocupa más o menos lo mismo, pero Metal calcula más despacio los I-quants: buscan cada valor en una tabla.',
    readsFromDisk:
      'No cabe en la memoria: cada token lee de {{least}} a {{most}} GB del disco, {{time}} por token.',
    aboutASecond: 'alrededor de un segundo',
    seconds: '{{range}} segundos',
    otherIsFaster:
      '{{model}} responde aquí a menos de {{underTokS}} tokens por segundo. {{instead}} {{quant}} respondería a {{speed}}.',
    otherIsBetter:
      '{{model}} solo cabe de una forma que comete muchos errores. {{instead}} {{quant}} respondería a {{speed}}.',
    allAreSlow:
      '{{model}} responde aquí a menos de {{underTokS}} tokens por segundo, y ningún modelo más pequeño de la lista es rápido tampoco.',
    nothingFaster: 'Nada que aquí sea claramente más rápido da respuestas que sirvan.',
    nothingBetter: 'Nada mejor funciona aquí a una velocidad soportable.',
    timesAsFast: 'Unas {{factor}} veces más rápido que {{quant}}.',
    speedInstead: '{{speed}} tokens por segundo en lugar de {{insteadOf}}.',
  },
  remarks: {
    memoryUnknown:
      'No se sabe cuánta memoria tiene este ordenador. El plan supone que hay suficiente.',
    memorySpeedAssumed:
      'No se ha medido lo rápida que es su memoria. El plan supone que lee {{gbS}} GB por segundo, como los módulos corrientes.',
    appleShare: {
      smallMac:
        'De los {{total}} de memoria de este Mac, macOS deja que la GPU use {{gpu}}. El resto lo necesita macOS; en un Mac de este tamaño conviene dejarlo así.',
      nothingToSpare:
        'De los {{total}} de memoria de este Mac, macOS deja que la GPU use {{gpu}}. Con más, quedaría demasiado poco para macOS.',
      canGrow:
        'De los {{total}} de memoria de este Mac, macOS deja que la GPU use {{gpu}}. Para expertos: la orden de abajo lo sube a {{wanted}} y deja {{left}} para macOS y los demás programas. Dura hasta que se reinicie el Mac; hasta entonces, cierra lo que no necesites, porque un Mac que se queda sin memoria se congela. {{command}}',
    },
    gpuMemoryUnknown:
      'La {{gpu}} no dice cuánta memoria tiene, así que no se planea ninguna capa para ella.',
    gpuFull: 'La memoria de la {{gpu}} está llena. Cierra lo que la usa y vuelve a mirar.',
    gpuShared:
      'Otros programas ocupan {{held}} de los {{total}} de la {{gpu}}. Si los cierras, hay sitio para más capas.',
    gpuSpeedUnknown:
      'No se sabe lo rápida que es la memoria de la {{gpu}}. Las velocidades son cálculos prudentes.',
  },
  guideRemarks: {
    oneRow: 'La guía tiene una sola fila para las tarjetas de {{sizes}} GB.',
    tooMany: '{{quant}} con {{nLayers}} capas no cabe: caben {{most}}.',
    tooFew: '{{quant}}: la guía se queda en {{nLayers}} capas; caben {{fit}}.',
    tooFewAll: '{{quant}}: la guía se queda en {{nLayers}} capas; caben todas.',
    memoryTooSmall:
      '{{quant}}: {{ramGb}} GB de memoria es demasiado poco; la parte fuera de la tarjeta ocupa {{needed}} GiB.',
  },
  ofComputer: {
    here: 'Este ordenador: {{parts}}',
    another: 'Otro ordenador: {{parts}}',
    noGpu: 'sin tarjeta gráfica',
    gpu: '{{name}}, {{value}} GiB',
    ram: '{{value}} GiB de memoria',
    ramUnknown: 'memoria desconocida',
    preset: '{{value}} GB de memoria',
    ssd: 'SSD',
    hdd: 'disco duro',
  },
};
