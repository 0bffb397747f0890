/**
 * English: what the planner says of a model here. The same words as Rust's own, which the command
 * line shows; `said.test.ts` compares them.
 */
export const said = {
  verdict: {
    fitsOnGpu: 'Fits on the GPU',
    fitsWithRam: 'Fits with RAM',
    readsFromDisk: 'Reads from disk',
    tooBig: 'Too big',
  },
  quality: {
    broken: 'Broken',
    poor: 'Poor',
    weak: 'Weak',
    fair: 'Fair',
    good: 'Good',
    veryGood: 'Very good',
    full: 'Full',
    sentence: {
      broken: 'Broken: loses the thread and makes things up; only to see that it runs.',
      poor: 'Poor: clear mistakes in most longer answers.',
      weak: 'Weak: clear mistakes now and then, also in plain questions.',
      fair: 'Fair: slips in facts and in longer reasoning.',
      good: 'Good: close to the full model; rare slips in detail.',
      veryGood: 'Very good: hard to tell from the full model.',
      full: 'Full: no difference from the full model that anybody has measured.',
    },
  },
  notes: {
    curiosity: 'A curiosity: hardly usable.',
    largeEnds: '{{of}} with embeddings and output at 8 bits.',
    oldFormat:
      'An old format that processors compute quickly. No measured loss is known; shown as close to {{shownAs}}.',
    likeAnother: 'Like {{other}} in size and quality.',
    usual: 'The usual choice where it fits.',
    asGoodAsFull: 'As good as full precision in every test.',
    fullPrecision: 'Full precision.',
    gone: {
      rearranged:
        'llama.cpp dropped this format (ggml types 31 to 33). Q4_0 is rearranged for the processor when it is loaded, with the same speed.',
    },
  },
  reasons: {
    onProcessor: 'On the processor: there is no graphics card here that the engine can use.',
    nothingOnGpu: 'On the processor: nothing of it fits on the {{gpu}}.',
    nothingOnGpus: 'On the processor: nothing of it fits on {{gpus}}.',
    allOnGpus: 'All {{nLayers}} layers on {{gpus}}.',
    someOnGpus: '{{nGpuLayers}} of {{nLayers}} layers on {{gpus}}, the rest in RAM.',
    gpus_one: '{{count}} GPU',
    gpus_other: '{{count}} GPUs',
    betterDoesNotFit: 'Why not more? {{quant}} does not fit.',
    betterReadsFromDisk:
      'Why not more? {{quant}} does not fit into memory and would be read from disk for every token.',
    betterIsSplit:
      'Why not more? {{quant}} does not fit on the GPU whole, and on Apple Silicon a split is slower than either.',
    betterIsSlower: 'Why not more? {{quant}} would answer at {{speed}}.',
    noneIsWhole: 'Why not all on the GPU? No quantization of this model is small enough.',
    wholeIsWorse: {
      broken: 'Why not all on the GPU? {{quant}} fits whole ({{speed}}) but is hardly usable.',
      poor: 'Why not all on the GPU? {{quant}} fits whole ({{speed}}) but makes clear mistakes in most longer answers.',
      weak: 'Why not all on the GPU? {{quant}} fits whole ({{speed}}) but makes clear mistakes now and then.',
      other: 'Why not all on the GPU? {{quant}} fits whole ({{speed}}) but gives weaker answers.',
    },
    tablesOnProcessor:
      'Why not {{quant}}? It is about as large, but a processor computes I-quants more slowly: they look every value up in a table.',
    tablesOnMetal:
      'Why not {{quant}}? It is about as large, but Metal computes I-quants more slowly: they look every value up in a table.',
    readsFromDisk:
      'It does not fit into memory: every token reads {{least}} to {{most}} GB from disk, {{time}} a token.',
    aboutASecond: 'about a second',
    seconds: '{{range}} seconds',
    otherIsFaster:
      '{{model}} answers at under {{underTokS}} tokens per second here. {{instead}} {{quant}} would answer at {{speed}}.',
    otherIsBetter:
      '{{model}} fits only in a form that makes many mistakes. {{instead}} {{quant}} would answer at {{speed}}.',
    allAreSlow:
      '{{model}} answers at under {{underTokS}} tokens per second here, and no smaller model in the list is fast either.',
    nothingFaster: 'Nothing that is clearly faster here gives usable answers.',
    nothingBetter: 'Nothing better runs at a bearable speed here.',
    timesAsFast: 'About {{factor}} times as fast as {{quant}}.',
    speedInstead: '{{speed}} tokens per second instead of {{insteadOf}}.',
  },
  remarks: {
    memoryUnknown: 'How much memory this computer has is unknown. The plan takes it to be enough.',
    memorySpeedAssumed:
      'How fast its memory is has not been measured. The plan takes it to read {{gbS}} GB per second, as common modules do.',
    appleShare: {
      smallMac:
        'Of this Mac’s {{total}} of memory, macOS lets the GPU use {{gpu}}. The rest is needed for macOS itself; on a Mac of this size it should stay so.',
      nothingToSpare:
        'Of this Mac’s {{total}} of memory, macOS lets the GPU use {{gpu}}. More would leave too little for macOS itself.',
      canGrow:
        'Of this Mac’s {{total}} of memory, macOS lets the GPU use {{gpu}}. For experts: the command below raises this to {{wanted}}, and leaves {{left}} for macOS and other programs. It lasts until the Mac restarts; until then, close what you do not need, for a Mac that runs out of memory freezes. {{command}}',
    },
    gpuMemoryUnknown:
      'The {{gpu}} does not say how much memory it has, so no layers are planned for it.',
    gpuFull: 'The memory of the {{gpu}} is full. Close what uses it, and look again.',
    gpuShared:
      'Other programs hold {{held}} of the {{total}} of the {{gpu}}. Closing them makes room for more layers.',
    gpuSpeedUnknown:
      'How fast the memory of the {{gpu}} is is unknown. The speeds are careful guesses.',
  },
  guideRemarks: {
    oneRow: 'The guide has one row for cards of {{sizes}} GB.',
    tooMany: '{{quant}} with {{nLayers}} layers does not fit: {{most}} do.',
    tooFew: '{{quant}}: the guide stops at {{nLayers}} layers; {{fit}} fit.',
    tooFewAll: '{{quant}}: the guide stops at {{nLayers}} layers; all of them fit.',
    memoryTooSmall:
      '{{quant}}: {{ramGb}} GB of memory is too little; the part beside the card takes {{needed}} GiB.',
  },
  ofComputer: {
    here: 'This computer: {{parts}}',
    another: 'Another computer: {{parts}}',
    noGpu: 'no graphics card',
    gpu: '{{name}}, {{value}} GiB',
    ram: '{{value}} GiB of memory',
    ramUnknown: 'memory unknown',
    preset: '{{value}} GB of memory',
    ssd: 'SSD',
    hdd: 'hard disk',
  },
} as const;
