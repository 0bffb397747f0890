import type { en } from './en';
import type { Spanish } from './shape';

/** Spanish: the card that greets a newcomer. */
export const firstRun: Spanish<typeof en>['firstRun'] = {
  label: 'Primeros pasos',
  steps: 'Pasos',
  at: 'Paso {{at}} de {{of}}: {{name}}',
  welcome: 'Bienvenida',
  computer: 'Tu ordenador',
  model: 'Tu modelo',
  download: 'Descarga',
  check: 'Comprobación',
  skip: 'Ahora no',
  back: 'Atrás',
  next: 'Continuar',
  begin: 'Mirar mi ordenador',
  welcomeTitle: 'Te damos la bienvenida a Paddock',
  welcomeText:
    'Paddock ejecuta grandes modelos de lenguaje en este ordenador. Mira lo que tienes, te dice qué cabe y a qué velocidad irá, y después es un lugar para escribir. Nada de lo que escribes sale del ordenador.',
  welcomeSkip:
    'También puedes escribir un mensaje abajo sin más. Entonces esta tarjeta desaparece.',
  llama: 'Built with Llama.',
  licence:
    'Llama 3.3 is licensed under the Llama 3.3 Community License, Copyright © Meta Platforms, Inc. All Rights Reserved. Otros modelos tienen sus propias condiciones, indicadas junto a ellos.',
  modelText: 'Lo que le va bien a este ordenador, antes de descargar nada.',
  modelMore: 'Las 30 cuantizaciones están en Modelos, al pie de la barra lateral.',
  downloadText: 'Todavía no se ha descargado nada. También puedes hacerlo más tarde, en Modelos.',
  downloadNothing:
    'No hay ningún modelo que sugerir. Vuelve un paso atrás, o usa un archivo que tengas.',
  downloadGoesOn: 'Sigue mientras miras lo demás, y después de reiniciar.',
  downloadLater: 'Continuar sin descargar',
  haveFile: 'Usar un archivo que ya tengo',
  haveModels: 'Estos modelos ya están en este ordenador y pueden funcionar aquí:',
  using: 'Se usa {{name}} para la comprobación.',
  openFile: 'Otro archivo GGUF…',
  checkChosen: 'Carga {{name}} y le hace una pregunta corta.',
  checkComing:
    'Tu descarga aún no ha terminado. Mientras tanto, un modelo diminuto que viene con Paddock demuestra que el motor funciona aquí.',
  checkText:
    'Un modelo diminuto que viene con Paddock demuestra que el motor funciona aquí. Sabe unas pocas respuestas y no sirve para nada más.',
  checkLoaded: 'Le hace a {{name}} una pregunta corta para ver que el motor funciona aquí.',
  checkNow: 'Comprobar el motor',
  checkAgain: 'Comprobar otra vez',
  // Sent to the self-test model, which knows only this wording.
  question: 'Count to 20',
  asked: 'Pregunta: {{question}}',
  loading: 'Cargando el modelo',
  answering: 'Respondiendo',
  works: 'Funciona.',
  speed: '{{value}} tok/s, medidos',
  smallSpeed: 'Un modelo tan pequeño siempre es rápido; uno grande, no.',
  failed: 'La comprobación no ha funcionado.',
  start: 'Empezar a chatear',
};
