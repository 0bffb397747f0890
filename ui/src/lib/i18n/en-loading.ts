/** English: how loads are held back, what was made smaller, what is read from the disk, how long a model is kept. */
export const loadingWords = {
  loading: {
    notes: 'About this model',
    stop: 'Stop loading',
    anyway: 'Load anyway',
    smaller: 'Load {{name}} instead ({{size}})',
    fitting: 'Made to fit into the memory that is free',
    remembered: 'As the last time: the full settings did not fit here.',
    inFull: 'Try the full settings again',
    step: {
      fewerLayers: 'Layers on the graphics card: {{from}} → {{to}}',
      notRearranged:
        'Weights are left as they are in the file: a little slower, and no copy in memory',
      smallerMicroBatch: 'Micro-batch: {{from}} → {{to}} tokens',
      smallerKvCache: 'KV cache: 16 → 8 bits',
      shorterContext: 'Context: {{from}} → {{to}} tokens',
    },
    shortOf: {
      ram: 'memory needed {{needed}}, free {{free}}',
      gpu: 'graphics memory needed {{needed}}, free {{free}}',
    },
    fromDisk: 'Larger than RAM',
    fromDiskPrice:
      'Each token reads {{least}}–{{most}} from the disk, which reads {{speed}} GB per second: about {{leastS}}–{{mostS}} s per token.',
    diskAssumed: 'The speed of the disk is assumed.',
    fromDiskLive: 'This answer: {{read}} read, {{seconds}} s per token.',
    fromDiskReading: 'This answer: {{read}} read.',
    ramLimit: 'The engine may use {{size}} of memory; the system enforces it.',
    ramLimitPlanned:
      'The engine should use {{size}} of memory at most. This system does not enforce it, so it is only planned with.',
    notOnGpu: {
      unusable:
        'It runs on the processor: the engine cannot compute on the {{gpu}}. A driver may be missing.',
      gone: 'It runs on the processor: the graphics card that it used last is not there any more. A restart of the computer may bring it back.',
      notTaken: '{{asked}} layers were asked for on the graphics card, and none went there.',
    },
    slower: 'Slower than it should be: {{measured}} instead of {{expected}}.',
    slowerBecause: {
      gpuNotUsed:
        'That is as slow as the processor alone: the graphics card does not seem to be used. Update its driver, then load the model again.',
      spilledIntoRam:
        'The graphics card is nearly full, and its driver may keep a part in main memory. Load the model with fewer layers, or close what uses the card.',
      ramShort:
        'Memory is nearly full, and parts of the model may have been moved to the disk. Close other programs, or choose a smaller model.',
      diskSlow: 'The disk reads slower than expected. Other programs may be using it.',
      unknown: 'Other programs, saving of power, or heat may slow it down.',
    },
    resting: 'Unloaded after {{time}} without a message. The next message loads it again.',
    restsAfter: 'Unloads after {{time}} without a message.',
    restsAtOnce: 'Unloads after each answer.',
    moment: 'a moment',
    seconds: '{{value}} s',
    minutes: '{{value}} min',
    concern: {
      notEnoughRam:
        'It needs {{needed}} of memory that cannot be given back, and {{free}} are free.',
      littleRamLeft:
        'It leaves {{left}} of memory for everything else; {{wanted}} should stay free.',
      notEnoughOnGpu: 'Its part on the {{gpu}} needs {{needed}}, and {{free}} are free there.',
      littleLeftOnGpu: 'It leaves {{left}} on the {{gpu}}; {{wanted}} should stay free.',
      beyondWorkingSet:
        'The GPU would hold {{needed}}, and macOS recommends {{workingSet}} at most. Beyond that, programs may be ended.',
      readsFromDisk:
        'It is larger than the memory that is free: {{least}} to {{most}} are read from the disk for every token, about {{speed}}.',
    },
  },
  loadingSettings: {
    guardrail: 'Guardrail',
    guardrailHint: 'What is held back before a load. “Load anyway” is always there.',
    level: {
      off: 'Off',
      relaxed: 'Relaxed',
      balanced: 'Balanced',
      strict: 'Strict',
    },
    levelHint: {
      off: 'Nothing is held back.',
      relaxed: 'Holds back what cannot fit.',
      balanced: 'Holds back what cannot fit, and what would be read from the disk for every token.',
      strict:
        'Holds back also what leaves less than a tenth of the memory, or 1 GB of a graphics card, free.',
    },
    keep: 'Keep a model in memory',
    keepHint: 'How long after the last answer. The next message loads it again.',
    keepUnit: 'minutes',
    keepOption: { never: 'Always', atOnce: 'Until the answer ends', minutes: 'For some minutes' },
    keepProblem: 'Type 1 to 10,080 minutes.',
    ram: 'RAM limit',
    ramHint:
      'The most that the engine may take of main memory. A larger model is then read from the disk while it answers. Empty: whatever is free.',
    ramUnit: 'GB',
    ramProblem: 'Type 0.2 GB or more, or nothing.',
  },
};
