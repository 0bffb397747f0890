/** English: what could not be found out about this computer, and why. The same words as Rust's own. */
export const unknowns = {
  things: {
    computer: 'computer',
    processorName: 'processor name',
    processorCores: 'processor cores',
    processorAndMemory: 'processor and memory',
    memory: 'memory',
    freeMemory: 'free memory',
    disks: 'disks',
    graphicsCards: 'graphics cards',
    nvidiaCard: 'NVIDIA graphics card',
    nvidiaCardOf: 'NVIDIA graphics card {{number}} of {{total}}',
    ofDriver: 'the NVIDIA driver: {{details}}',
    ofCard: '{{name}}: {{details}}',
    ofNvidiaCard: 'the NVIDIA graphics card: {{details}}',
    ofNvidiaCardNumber: 'NVIDIA graphics card {{number}}: {{details}}',
    and: ', ',
    detail: {
      driverVersion: 'driver version',
      cudaVersion: 'CUDA version',
      numberOfCards: 'number of cards',
      name: 'name',
      memory: 'memory',
      memoryBandwidth: 'memory bandwidth',
      computeCapability: 'compute capability',
      placeOnBus: 'place on the PCI bus',
      programs: 'programs that use it',
    },
  },
  causes: {
    notInCpuinfo: 'The system does not tell it in /proc/cpuinfo.',
    noCores:
      'The system shows neither /sys/devices/system/cpu nor /proc/cpuinfo to this program. Paddock counts threads instead.',
    noMeminfo:
      'The system does not show /proc/meminfo to this program. Type in how much memory there is.',
    notInMeminfo: 'The system does not tell it in /proc/meminfo.',
    noMounts:
      'The system lists no local drive in /proc/self/mountinfo. Choose a folder for models yourself.',
    notTold: 'The system does not tell: {{reason}}.',
    notListed: 'The system does not list them: {{reason}}. Choose a folder for models yourself.',
    lookingFailed: 'Looking at it failed: {{reason}}.',
    engineCouldNotLook: 'The engine could not look: {{reason}} Everything else works without them.',
    driverSilent_one:
      'Their driver did not answer within {{count}} second. Restarting the computer often helps.',
    driverSilent_other:
      'Their driver did not answer within {{count}} seconds. Restarting the computer often helps.',
    noNvidiaDriver:
      'This computer has an NVIDIA graphics card, but no working NVIDIA driver. Install NVIDIA’s own driver (in a container: pass the card in), then start Paddock again.',
    anotherLibrary:
      'The library that should be the NVIDIA driver’s is another one. Install NVIDIA’s driver again.',
    driverDoesNotAnswer: 'The NVIDIA driver does not answer: {{fault}}',
    cardOutOfReach: 'The driver lists it but cannot reach it: {{fault}}',
    zero: 'The driver says zero, which cannot be. A newer driver may know better.',
    withoutCuda:
      'The driver has this card, but this build of the engine cannot compute on it: it was made without CUDA and Vulkan, or they do not work with this driver. Models run on the processor. A newer driver, or a build of Paddock with CUDA or Vulkan, can change that.',
    unseenCard:
      'The engine computes on other NVIDIA cards but does not see this one: it may be too old for this build, or hidden by the environment variable CUDA_VISIBLE_DEVICES.',
    unseenCardOf:
      'The engine computes on other NVIDIA cards but does not see this one: it may be too old for this build (compute capability {{version}}), or hidden by the environment variable CUDA_VISIBLE_DEVICES.',
    fault: {
      tooOld: 'This NVIDIA driver is too old to tell. Install a newer one.',
      updated: 'The driver was updated while the old one still runs. Restart the computer.',
      notRunning:
        'The driver is installed but not running. Restart the computer; if that does not help, install the driver again (with Secure Boot on, it must be signed).',
      partMissing: 'A part of the driver is missing. Install the NVIDIA driver again.',
      forbidden:
        'The system does not let this program ask the driver. In a container, pass the card in; else check the permissions of /dev/nvidia*.',
      cardLost:
        'The card does not react any more. Restart the computer; check its power cables and seat.',
      cardHung: 'The card has hung up. Restart the computer.',
      noPower: 'The card’s extra power cables are not plugged in properly.',
      noInterrupts: 'The card’s interrupts do not arrive. Restart the computer.',
      tooSlow: 'The driver took too long. Try again, or restart the computer.',
      notSupported: 'This card or its driver does not tell.',
      unreadable: 'The driver answered with text that cannot be read.',
      other: 'The driver’s words are: {{words}}. A restart or a newer driver may help.',
    },
  },
} as const;
