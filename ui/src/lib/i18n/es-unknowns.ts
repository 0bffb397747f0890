import type { unknowns as english } from './en-unknowns';
import type { Spanish } from './shape';

/** Spanish: what could not be found out about this computer, and why. */
export const unknowns: Spanish<typeof english> = {
  things: {
    computer: 'ordenador',
    processorName: 'nombre del procesador',
    processorCores: 'núcleos del procesador',
    processorAndMemory: 'procesador y memoria',
    memory: 'memoria',
    freeMemory: 'memoria libre',
    disks: 'discos',
    graphicsCards: 'tarjetas gráficas',
    nvidiaCard: 'tarjeta gráfica de NVIDIA',
    nvidiaCardOf: 'tarjeta gráfica de NVIDIA {{number}} de {{total}}',
    ofDriver: 'el controlador de NVIDIA: {{details}}',
    ofCard: 'De {{name}}: {{details}}',
    ofNvidiaCard: 'la tarjeta gráfica de NVIDIA: {{details}}',
    ofNvidiaCardNumber: 'tarjeta gráfica de NVIDIA {{number}}: {{details}}',
    and: ', ',
    detail: {
      driverVersion: 'versión del controlador',
      cudaVersion: 'versión de CUDA',
      numberOfCards: 'número de tarjetas',
      name: 'nombre',
      memory: 'memoria',
      memoryBandwidth: 'ancho de banda de la memoria',
      computeCapability: 'capacidad de cálculo',
      placeOnBus: 'lugar en el bus PCI',
      programs: 'programas que la usan',
    },
  },
  causes: {
    notInCpuinfo: 'El sistema no lo dice en /proc/cpuinfo.',
    noCores:
      'El sistema no muestra a este programa ni /sys/devices/system/cpu ni /proc/cpuinfo. Paddock cuenta hilos en su lugar.',
    noMeminfo: 'El sistema no muestra /proc/meminfo a este programa. Escribe cuánta memoria hay.',
    notInMeminfo: 'El sistema no lo dice en /proc/meminfo.',
    noMounts:
      'El sistema no enumera ninguna unidad local en /proc/self/mountinfo. Elige tú una carpeta para los modelos.',
    notTold: 'El sistema no lo dice: {{reason}}.',
    notListed: 'El sistema no los enumera: {{reason}}. Elige tú una carpeta para los modelos.',
    lookingFailed: 'No se pudo mirar: {{reason}}.',
    engineCouldNotLook: 'El motor no pudo mirar: {{reason}} Todo lo demás funciona sin ellas.',
    driverSilent_one:
      'Su controlador no respondió en {{count}} segundo. Reiniciar el ordenador suele ayudar.',
    driverSilent_many:
      'Su controlador no respondió en {{count}} de segundos. Reiniciar el ordenador suele ayudar.',
    driverSilent_other:
      'Su controlador no respondió en {{count}} segundos. Reiniciar el ordenador suele ayudar.',
    noNvidiaDriver:
      'Este ordenador tiene una tarjeta gráfica de NVIDIA, pero ningún controlador de NVIDIA que funcione. Instala el controlador de NVIDIA (en un contenedor: pásale la tarjeta) y abre Paddock otra vez.',
    anotherLibrary:
      'La biblioteca que debería ser la del controlador de NVIDIA es otra. Instala otra vez el controlador de NVIDIA.',
    driverDoesNotAnswer: 'El controlador de NVIDIA no responde: {{fault}}',
    cardOutOfReach: 'El controlador la enumera, pero no llega a ella: {{fault}}',
    zero: 'El controlador dice cero, y eso no puede ser. Puede que uno más nuevo lo sepa mejor.',
    withoutCuda:
      'El controlador tiene esta tarjeta, pero esta versión del motor no puede calcular en ella: se hizo sin CUDA ni Vulkan, o no funcionan con este controlador. Los modelos van en el procesador. Un controlador más nuevo, o un Paddock con CUDA o Vulkan, puede cambiarlo.',
    unseenCard:
      'El motor calcula en otras tarjetas de NVIDIA, pero no ve esta: puede que sea demasiado antigua para esta versión, o que la oculte la variable de entorno CUDA_VISIBLE_DEVICES.',
    unseenCardOf:
      'El motor calcula en otras tarjetas de NVIDIA, pero no ve esta: puede que sea demasiado antigua para esta versión (capacidad de cálculo {{version}}), o que la oculte la variable de entorno CUDA_VISIBLE_DEVICES.',
    fault: {
      tooOld:
        'Este controlador de NVIDIA es demasiado antiguo para decirlo. Instala uno más nuevo.',
      updated:
        'El controlador se actualizó mientras el antiguo sigue en marcha. Reinicia el ordenador.',
      notRunning:
        'El controlador está instalado, pero no en marcha. Reinicia el ordenador; si no ayuda, instala otra vez el controlador (con Secure Boot activado, tiene que estar firmado).',
      partMissing: 'Falta una parte del controlador. Instala otra vez el controlador de NVIDIA.',
      forbidden:
        'El sistema no deja que este programa pregunte al controlador. En un contenedor, pásale la tarjeta; si no, revisa los permisos de /dev/nvidia*.',
      cardLost:
        'La tarjeta ya no reacciona. Reinicia el ordenador; revisa sus cables de alimentación y su ranura.',
      cardHung: 'La tarjeta se ha colgado. Reinicia el ordenador.',
      noPower: 'Los cables de alimentación adicionales de la tarjeta no están bien conectados.',
      noInterrupts: 'Las interrupciones de la tarjeta no llegan. Reinicia el ordenador.',
      tooSlow: 'El controlador tardó demasiado. Vuelve a intentarlo, o reinicia el ordenador.',
      notSupported: 'Esta tarjeta o su controlador no lo dice.',
      unreadable: 'El controlador respondió con un texto que no se puede leer.',
      other: 'El controlador dice: {{words}}. Un reinicio o un controlador más nuevo puede ayudar.',
    },
  },
};
