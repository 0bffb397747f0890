import type { PartKind, Quality, QuantRow, VerdictView } from './bindings';

/**
 * What the real planner said of Llama 3.3 70B at 8192 tokens on two computers, taken down row by
 * row: one with an RTX 4090 and 64 GiB of memory, one with 32 GiB and no graphics card.
 */
export type RecordedQuant = Pick<
  QuantRow,
  'quant' | 'fileBytes' | 'qualityStep' | 'note' | 'replacedBy' | 'why'
>;

export interface RecordedPlan {
  verdict: VerdictView;
  layers: [fit: number, most: number];
  diskBytes: [number, number];
  tokS: [number, number];
  promptTokS: [number, number];
  /** One for each memory, the computer's own last: what fills it, in bytes. */
  bars: Partial<Record<PartKind, number>>[];
}

/** The name of each step of quality. */
export const qualities: readonly Quality[] = [
  'broken',
  'poor',
  'weak',
  'fair',
  'good',
  'veryGood',
  'full',
];

// prettier-ignore
export const quants: readonly RecordedQuant[] = [
  { quant: "IQ1_M", fileBytes: 16751164144, qualityStep: 0, note: { kind: "curiosity" }, replacedBy: null, why: null },
  { quant: "IQ2_XXS", fileBytes: 19097352944, qualityStep: 0, note: null, replacedBy: null, why: null },
  { quant: "IQ2_XS", fileBytes: 21142076144, qualityStep: 1, note: null, replacedBy: null, why: null },
  { quant: "IQ2_S", fileBytes: 22242310896, qualityStep: 1, note: null, replacedBy: null, why: null },
  { quant: "IQ2_M", fileBytes: 24119261936, qualityStep: 2, note: null, replacedBy: null, why: null },
  { quant: "Q2_K", fileBytes: 26375076592, qualityStep: 2, note: null, replacedBy: null, why: null },
  { quant: "Q2_K_L", fileBytes: 27401124592, qualityStep: 2, note: { kind: "largeEnds", of: "Q2_K" }, replacedBy: null, why: null },
  { quant: "IQ3_XXS", fileBytes: 27469462256, qualityStep: 3, note: null, replacedBy: null, why: null },
  { quant: "IQ3_XS", fileBytes: 29307697904, qualityStep: 3, note: null, replacedBy: null, why: null },
  { quant: "Q3_K_S", fileBytes: 30912019184, qualityStep: 3, note: null, replacedBy: null, why: null },
  { quant: "IQ3_M", fileBytes: 31937002224, qualityStep: 3, note: null, replacedBy: null, why: null },
  { quant: "Q3_K_M", fileBytes: 34267462384, qualityStep: 4, note: null, replacedBy: null, why: null },
  { quant: "Q3_K_L", fileBytes: 37140560624, qualityStep: 4, note: null, replacedBy: null, why: null },
  { quant: "IQ4_XS", fileBytes: 37902629616, qualityStep: 4, note: null, replacedBy: null, why: null },
  { quant: "Q3_K_XL", fileBytes: 38059899632, qualityStep: 4, note: { kind: "largeEnds", of: "Q3_K_L" }, replacedBy: null, why: null },
  { quant: "IQ4_NL", fileBytes: 40053586672, qualityStep: 4, note: { kind: "likeAnother", other: "Q4_K_S" }, replacedBy: null, why: null },
  { quant: "Q4_0", fileBytes: 40116501232, qualityStep: 4, note: { kind: "oldFormat", shownAs: "IQ4_XS" }, replacedBy: null, why: null },
  { quant: "Q4_0_4_4", fileBytes: null, qualityStep: 4, note: null, replacedBy: "Q4_0", why: "rearranged" },
  { quant: "Q4_0_4_8", fileBytes: null, qualityStep: 4, note: null, replacedBy: "Q4_0", why: "rearranged" },
  { quant: "Q4_0_8_8", fileBytes: null, qualityStep: 4, note: null, replacedBy: "Q4_0", why: "rearranged" },
  { quant: "Q4_K_S", fileBytes: 40347187952, qualityStep: 4, note: null, replacedBy: null, why: null },
  { quant: "Q4_K_M", fileBytes: 42520361712, qualityStep: 5, note: { kind: "usual" }, replacedBy: null, why: null },
  { quant: "Q4_K_L", fileBytes: 43300158192, qualityStep: 5, note: { kind: "largeEnds", of: "Q4_K_M" }, replacedBy: null, why: null },
  { quant: "Q5_K_S", fileBytes: 48657414896, qualityStep: 5, note: null, replacedBy: null, why: null },
  { quant: "Q5_K_M", fileBytes: 49949784816, qualityStep: 5, note: null, replacedBy: null, why: null },
  { quant: "Q5_K_L", fileBytes: 50598247152, qualityStep: 5, note: { kind: "largeEnds", of: "Q5_K_M" }, replacedBy: null, why: null },
  { quant: "Q6_K", fileBytes: 57888111344, qualityStep: 6, note: null, replacedBy: null, why: null },
  { quant: "Q6_K_L", fileBytes: 58397031152, qualityStep: 6, note: { kind: "largeEnds", of: "Q6_K" }, replacedBy: null, why: null },
  { quant: "Q8_0", fileBytes: 74975017712, qualityStep: 6, note: { kind: "asGoodAsFull" }, replacedBy: null, why: null },
  { quant: "F16", fileBytes: 141117881072, qualityStep: 6, note: { kind: "fullPrecision" }, replacedBy: null, why: null },
];

/** An RTX 4090 (24 GiB) and 64 GiB of memory. */
// prettier-ignore
export const with4090: Readonly<Record<string, RecordedPlan>> = {
  IQ1_M: { verdict: 'fitsOnGpu', layers: [81, 81], diskBytes: [0, 0], tokS: [33.2, 51.9], promptTokS: [569.0, 1280.0], bars: [{ weights: 16398582016, kv: 2684354560, compute: 346030080, driver: 479199232, free: 5861637888 }, { weights: 344752128, compute: 192937984, app: 419430400, others: 6442450944, free: 61319905280 }] },
  IQ2_XXS: { verdict: 'fitsOnGpu', layers: [81, 81], diskBytes: [0, 0], tokS: [29.9, 46.8], promptTokS: [568.0, 1280.0], bars: [{ weights: 18744770816, kv: 2684354560, compute: 346030080, driver: 479199232, free: 3515449088 }, { weights: 344752128, compute: 192937984, app: 419430400, others: 6442450944, free: 61319905280 }] },
  IQ2_XS: { verdict: 'fitsOnGpu', layers: [81, 81], diskBytes: [0, 0], tokS: [27.6, 43.1], promptTokS: [567.0, 1270.0], bars: [{ weights: 20789494016, kv: 2684354560, compute: 346030080, driver: 479199232, free: 1470725888 }, { weights: 344752128, compute: 192937984, app: 419430400, others: 6442450944, free: 61319905280 }] },
  IQ2_S: { verdict: 'fitsWithRam', layers: [79, 81], diskBytes: [0, 0], tokS: [7.7, 15.1], promptTokS: [526.0, 1180.0], bars: [{ weights: 21198700800, kv: 2617245696, compute: 346030080, driver: 479199232, free: 1128627968 }, { weights: 1035780096, kv: 67108864, compute: 192937984, app: 419430400, others: 6442450944, free: 60561768448 }] },
  IQ2_M: { verdict: 'fitsWithRam', layers: [73, 76], diskBytes: [0, 0], tokS: [2.4, 4.71], promptTokS: [423.0, 952.0], bars: [{ weights: 21186380032, kv: 2415919104, compute: 346030080, driver: 479199232, free: 1342275328 }, { weights: 2925051904, kv: 268435456, compute: 192937984, app: 419430400, others: 6442450944, free: 58471170048 }] },
  Q2_K: { verdict: 'fitsWithRam', layers: [67, 70], diskBytes: [0, 0], tokS: [2.58, 5.06], promptTokS: [351.0, 791.0], bars: [{ weights: 21619392768, kv: 2214592512, compute: 346030080, driver: 479199232, free: 1110589184 }, { weights: 4747853824, kv: 469762048, compute: 192937984, app: 419430400, others: 6442450944, free: 56447041536 }] },
  Q2_K_L: { verdict: 'fitsWithRam', layers: [66, 69], diskBytes: [0, 0], tokS: [2.43, 4.76], promptTokS: [348.0, 783.0], bars: [{ weights: 21559345408, kv: 2181038080, compute: 346030080, driver: 479199232, free: 1204190976 }, { weights: 5833949184, kv: 503316480, compute: 192937984, app: 419430400, others: 6442450944, free: 55327391744 }] },
  IQ3_XXS: { verdict: 'fitsWithRam', layers: [64, 67], diskBytes: [0, 0], tokS: [1.13, 2.21], promptTokS: [320.0, 719.0], bars: [{ weights: 21424013568, kv: 2113929216, compute: 346030080, driver: 479199232, free: 1406631680 }, { weights: 6037618688, kv: 570425344, compute: 192937984, app: 419430400, others: 6442450944, free: 55056613376 }] },
  IQ3_XS: { verdict: 'fitsWithRam', layers: [61, 64], diskBytes: [0, 0], tokS: [0.894, 1.75], promptTokS: [286.0, 643.0], bars: [{ weights: 21741682944, kv: 2013265920, compute: 346030080, driver: 479199232, free: 1189625600 }, { weights: 7558184960, kv: 671088640, compute: 192937984, app: 419430400, others: 6442450944, free: 53435383808 }] },
  Q3_K_S: { verdict: 'fitsWithRam', layers: [58, 60], diskBytes: [0, 0], tokS: [1.41, 2.76], promptTokS: [260.0, 585.0], bars: [{ weights: 21945368832, kv: 1912602624, compute: 346030080, driver: 479199232, free: 1086603008 }, { weights: 8958820352, kv: 771751936, compute: 192937984, app: 419430400, others: 6442450944, free: 51934085120 }] },
  IQ3_M: { verdict: 'fitsWithRam', layers: [56, 59], diskBytes: [0, 0], tokS: [0.737, 1.44], promptTokS: [241.0, 541.0], bars: [{ weights: 21695807744, kv: 1845493760, compute: 346030080, driver: 479199232, free: 1403272960 }, { weights: 10233364480, kv: 838860800, compute: 192937984, app: 419430400, others: 6442450944, free: 50592432128 }] },
  Q3_K_M: { verdict: 'fitsWithRam', layers: [52, 55], diskBytes: [0, 0], tokS: [1.02, 1.99], promptTokS: [212.0, 478.0], bars: [{ weights: 21771567360, kv: 1711276032, compute: 346030080, driver: 479199232, free: 1461731072 }, { weights: 12488065024, kv: 973078528, compute: 192937984, app: 419430400, others: 6442450944, free: 48203513856 }] },
  Q3_K_L: { verdict: 'fitsWithRam', layers: [48, 51], diskBytes: [0, 0], tokS: [0.834, 1.64], promptTokS: [186.0, 418.0], bars: [{ weights: 21905785088, kv: 1577058304, compute: 346030080, driver: 479199232, free: 1461731072 }, { weights: 15226945536, kv: 1107296256, compute: 192937984, app: 419430400, others: 6442450944, free: 45330415616 }] },
  IQ4_XS: { verdict: 'fitsWithRam', layers: [48, 50], diskBytes: [0, 0], tokS: [0.43, 0.843], promptTokS: [184.0, 414.0], bars: [{ weights: 22290809088, kv: 1577058304, compute: 346030080, driver: 479199232, free: 1076707072 }, { weights: 15603990528, kv: 1107296256, compute: 192937984, app: 419430400, others: 6442450944, free: 44953370624 }] },
  Q3_K_XL: { verdict: 'fitsWithRam', layers: [48, 50], diskBytes: [0, 0], tokS: [0.834, 1.63], promptTokS: [187.0, 421.0], bars: [{ weights: 22160244992, kv: 1577058304, compute: 346030080, driver: 479199232, free: 1207271168 }, { weights: 15891824640, kv: 1107296256, compute: 192937984, app: 419430400, others: 6442450944, free: 44665536512 }] },
  IQ4_NL: { verdict: 'fitsWithRam', layers: [45, 47], diskBytes: [0, 0], tokS: [0.714, 1.4], promptTokS: [166.0, 375.0], bars: [{ weights: 22087975168, kv: 1476395008, compute: 346030080, driver: 479199232, free: 1380204288 }, { weights: 17957781504, kv: 1207959552, compute: 192937984, app: 419430400, others: 6442450944, free: 42498916352 }] },
  Q4_0: { verdict: 'fitsWithRam', layers: [45, 47], diskBytes: [0, 0], tokS: [0.709, 1.39], promptTokS: [166.0, 373.0], bars: [{ weights: 22041837824, kv: 1476395008, compute: 346030080, driver: 479199232, free: 1426341632 }, { weights: 18066833408, kv: 1207959552, compute: 192937984, app: 419430400, others: 6442450944, free: 42389864448 }] },
  Q4_K_S: { verdict: 'fitsWithRam', layers: [45, 47], diskBytes: [0, 0], tokS: [0.702, 1.38], promptTokS: [164.0, 370.0], bars: [{ weights: 22087975168, kv: 1476395008, compute: 346030080, driver: 479199232, free: 1380204288 }, { weights: 18251382784, kv: 1207959552, compute: 192937984, app: 419430400, others: 6442450944, free: 42205315072 }] },
  Q4_K_M: { verdict: 'fitsWithRam', layers: [43, 45], diskBytes: [0, 0], tokS: [0.638, 1.25], promptTokS: [153.0, 345.0], bars: [{ weights: 22418211072, kv: 1409286144, compute: 346030080, driver: 479199232, free: 1117077248 }, { weights: 20094320640, kv: 1275068416, compute: 192937984, app: 419430400, others: 6442450944, free: 40295268352 }] },
  Q4_K_L: { verdict: 'fitsWithRam', layers: [42, 44], diskBytes: [0, 0], tokS: [0.623, 1.22], promptTokS: [151.0, 339.0], bars: [{ weights: 22190260480, kv: 1375731712, compute: 346030080, driver: 479199232, free: 1378582272 }, { weights: 21102067712, kv: 1308622848, compute: 192937984, app: 419430400, others: 6442450944, free: 39253966848 }] },
  Q5_K_S: { verdict: 'fitsWithRam', layers: [37, 39], diskBytes: [0, 0], tokS: [0.484, 0.949], promptTokS: [124.0, 278.0], bars: [{ weights: 22041313536, kv: 1207959552, compute: 346030080, driver: 479199232, free: 1695301376 }, { weights: 26608271360, kv: 1476395008, compute: 192937984, app: 419430400, others: 6442450944, free: 33579991040 }] },
  Q5_K_M: { verdict: 'fitsWithRam', layers: [37, 38], diskBytes: [0, 0], tokS: [0.472, 0.925], promptTokS: [121.0, 273.0], bars: [{ weights: 22655189248, kv: 1207959552, compute: 346030080, driver: 479199232, free: 1081425664 }, { weights: 27286765568, kv: 1476395008, compute: 192937984, app: 419430400, others: 6442450944, free: 32901496832 }] },
  Q5_K_L: { verdict: 'fitsWithRam', layers: [36, 38], diskBytes: [0, 0], tokS: [0.462, 0.906], promptTokS: [119.0, 268.0], bars: [{ weights: 22321332480, kv: 1174405120, compute: 346030080, driver: 479199232, free: 1448836864 }, { weights: 28269084672, kv: 1509949440, compute: 192937984, app: 419430400, others: 6442450944, free: 31885623296 }] },
  Q6_K: { verdict: 'fitsWithRam', layers: [32, 33], diskBytes: [0, 0], tokS: [0.366, 0.718], promptTokS: [98.4, 221.0], bars: [{ weights: 22622552320, kv: 1040187392, compute: 346030080, driver: 479199232, free: 1281834752 }, { weights: 35257729024, kv: 1644167168, compute: 192937984, app: 419430400, others: 6442450944, free: 24762761216 }] },
  Q6_K_L: { verdict: 'fitsWithRam', layers: [31, 33], diskBytes: [0, 0], tokS: [0.359, 0.704], promptTokS: [96.8, 218.0], bars: [{ weights: 22175056128, kv: 1006632960, compute: 346030080, driver: 479199232, free: 1762885376 }, { weights: 36214145024, kv: 1677721600, compute: 192937984, app: 419430400, others: 6442450944, free: 23772790784 }] },
  Q8_0: { verdict: 'fitsWithRam', layers: [25, 26], diskBytes: [0, 0], tokS: [0.384, 0.753], promptTokS: [70.4, 158.0], bars: [{ weights: 22936715520, kv: 805306368, compute: 346030080, driver: 479199232, free: 1202552576 }, { weights: 52030472192, kv: 1879048192, compute: 192937984, app: 419430400, others: 6442450944, free: 7755137024 }] },
  F16: { verdict: 'readsFromDisk', layers: [13, 14], diskBytes: [59089616896, 116371226624], tokS: [0.00128, 0.00252], promptTokS: [0.647, 0.654], bars: [{ weights: 22637478144, kv: 402653184, compute: 346030080, driver: 479199232, free: 1904443136 }, { weights: 118472572928, kv: 2281701376, compute: 192937984, app: 419430400, others: 6442450944 }] },
};

/** 32 GiB of memory and no graphics card. */
// prettier-ignore
export const withoutGpu: Readonly<Record<string, RecordedPlan>> = {
  IQ1_M: { verdict: 'fitsWithRam', layers: [0, 0], diskBytes: [0, 0], tokS: [0.471, 0.736], promptTokS: [0.724, 1.63], bars: [{ weights: 15595143424, repacked: 1148190720, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061, free: 8593058219 }] },
  IQ2_XXS: { verdict: 'fitsWithRam', layers: [0, 0], diskBytes: [0, 0], tokS: [0.409, 0.64], promptTokS: [0.722, 1.62], bars: [{ weights: 17941332224, repacked: 1148190720, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061, free: 6246869419 }] },
  IQ2_XS: { verdict: 'fitsWithRam', layers: [0, 0], diskBytes: [0, 0], tokS: [0.368, 0.574], promptTokS: [0.721, 1.62], bars: [{ weights: 19986055424, repacked: 1148190720, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061, free: 4202146219 }] },
  IQ2_S: { verdict: 'fitsWithRam', layers: [0, 0], diskBytes: [0, 0], tokS: [0.344, 0.537], promptTokS: [0.724, 1.63], bars: [{ weights: 21856993536, repacked: 377487360, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061, free: 3101911467 }] },
  IQ2_M: { verdict: 'fitsWithRam', layers: [0, 0], diskBytes: [0, 0], tokS: [0.316, 0.494], promptTokS: [0.722, 1.63], bars: [{ weights: 23733944576, repacked: 377487360, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061, free: 1224960427 }] },
  Q2_K: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [1030854229, 26022494464], tokS: [0.0057, 0.124], promptTokS: [0.578, 1.04], bars: [{ weights: 26367246592, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q2_K_L: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [2056902229, 26276954368], tokS: [0.00565, 0.0672], promptTokS: [0.59, 1.06], bars: [{ weights: 27393294592, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  IQ3_XXS: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [2125239893, 27010171136], tokS: [0.00544, 0.0607], promptTokS: [0.575, 1.03], bars: [{ weights: 27461632256, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  IQ3_XS: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [3963475541, 28848406784], tokS: [0.0051, 0.0346], promptTokS: [0.567, 1.01], bars: [{ weights: 29299867904, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q3_K_S: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [5567796821, 30452728064], tokS: [0.00487, 0.026], promptTokS: [0.56, 0.986], bars: [{ weights: 30904189184, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  IQ3_M: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [6592779861, 31477711104], tokS: [0.00468, 0.0215], promptTokS: [0.555, 0.973], bars: [{ weights: 31929172224, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q3_K_M: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [8923240021, 33808171264], tokS: [0.00439, 0.0164], promptTokS: [0.546, 0.944], bars: [{ weights: 34259632384, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q3_K_L: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [11796338261, 36681269504], tokS: [0.00405, 0.0125], promptTokS: [0.534, 0.912], bars: [{ weights: 37132730624, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  IQ4_XS: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [12558407253, 37336629504], tokS: [0.00394, 0.0115], promptTokS: [0.533, 0.906], bars: [{ weights: 37894799616, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q3_K_XL: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [12715677269, 36935729408], tokS: [0.00402, 0.0116], promptTokS: [0.54, 0.918], bars: [{ weights: 38052069632, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  IQ4_NL: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [14709364309, 39454753024], tokS: [0.00376, 0.01], promptTokS: [0.525, 0.884], bars: [{ weights: 40045756672, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q4_0: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [14772278869, 39517667584], tokS: [0.00376, 0.00997], promptTokS: [0.525, 0.883], bars: [{ weights: 40108671232, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q4_K_S: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [15002965589, 39748354304], tokS: [0.00373, 0.00982], promptTokS: [0.524, 0.881], bars: [{ weights: 40339357952, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q4_K_M: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [17176139349, 41921528064], tokS: [0.00354, 0.00859], promptTokS: [0.516, 0.859], bars: [{ weights: 42512531712, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q4_K_L: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [17955935829, 42175987968], tokS: [0.00352, 0.00823], promptTokS: [0.52, 0.862], bars: [{ weights: 43292328192, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q5_K_S: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [23313192533, 47927247104], tokS: [0.0031, 0.00635], promptTokS: [0.497, 0.805], bars: [{ weights: 48649584896, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q5_K_M: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [24605562453, 49219617024], tokS: [0.00302, 0.00602], promptTokS: [0.492, 0.794], bars: [{ weights: 49941954816, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q5_K_L: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [25254024789, 49474076928], tokS: [0.003, 0.00586], promptTokS: [0.494, 0.795], bars: [{ weights: 50590417152, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q6_K: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [32543888981, 57018401024], tokS: [0.0026, 0.00456], promptTokS: [0.469, 0.735], bars: [{ weights: 57880281344, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q6_K_L: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [33052808789, 57272860928], tokS: [0.00259, 0.00449], promptTokS: [0.47, 0.735], bars: [{ weights: 58389201152, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  Q8_0: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [49630795349, 73850847488], tokS: [0.00202, 0.003], promptTokS: [0.425, 0.633], bars: [{ weights: 74967187712, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
  F16: { verdict: 'readsFromDisk', layers: [0, 0], diskBytes: [115773658709, 139008704768], tokS: [0.00107, 0.00129], promptTokS: [0.312, 0.412], bars: [{ weights: 141110051072, kv: 2684354560, compute: 192937984, app: 419430400, others: 5726623061 }] },
};
