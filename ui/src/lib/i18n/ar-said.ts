import type { said as english } from './en-said';
import type { Arabic } from './shape';

/** Arabic: what the planner says of a model here. */
export const said: Arabic<typeof english> = {
  verdict: {
    fitsOnGpu: 'تتّسع له GPU',
    fitsWithRam: 'يتّسع له مع RAM',
    readsFromDisk: 'يقرأ من القرص',
    tooBig: 'أكبر مما ينبغي',
  },
  quality: {
    broken: 'معطوبة',
    poor: 'رديئة',
    weak: 'ضعيفة',
    fair: 'مقبولة',
    good: 'جيدة',
    veryGood: 'جيدة جدًا',
    full: 'كاملة',
    sentence: {
      broken: 'معطوبة: يفقد الخيط ويختلق الأشياء؛ لا يصلح إلا لترى أنه يعمل.',
      poor: 'رديئة: أخطاء واضحة في معظم الإجابات الطويلة.',
      weak: 'ضعيفة: أخطاء واضحة من حين إلى حين، حتى في الأسئلة البسيطة.',
      fair: 'مقبولة: هفوات في الحقائق وفي الاستدلال الطويل.',
      good: 'جيدة: قريبة من النموذج الكامل؛ هفوات نادرة في التفاصيل.',
      veryGood: 'جيدة جدًا: يصعب تمييزها من النموذج الكامل.',
      full: 'كاملة: لم يقِس أحد فرقًا بينها وبين النموذج الكامل.',
    },
  },
  notes: {
    curiosity: 'للفضول فقط: لا يكاد يصلح لشيء.',
    largeEnds: '{{of}} مع التضمينات والمخرجات بثماني بتات.',
    oldFormat:
      'صيغة قديمة تحسبها المعالجات بسرعة. لا تُعرف خسارة مقيسة لها؛ وتُعرض على أنها قريبة من {{shownAs}}.',
    likeAnother: 'مثل {{other}} حجمًا وجودة.',
    usual: 'الاختيار المعتاد حيث يوجد متّسع له.',
    asGoodAsFull: 'بجودة الدقة الكاملة في كل اختبار.',
    fullPrecision: 'الدقة الكاملة.',
    gone: {
      rearranged:
        'تخلّى llama.cpp عن هذه الصيغة (أنواع ggml من 31 إلى 33). يُعاد ترتيب Q4_0 للمعالج عند التحميل، بالسرعة نفسها.',
    },
  },
  reasons: {
    onProcessor: 'على المعالج: لا توجد هنا بطاقة رسوميات يستطيع المحرّك استخدامها.',
    nothingOnGpu: 'على المعالج: لا يتّسع {{gpu}} لشيء منه.',
    nothingOnGpus: 'على المعالج: لا متّسع لشيء منه على {{gpus}}.',
    allOnGpus: 'كل الطبقات، وعددها {{nLayers}}، على {{gpus}}.',
    someOnGpus: 'الطبقات على {{gpus}}: {{nGpuLayers}} من {{nLayers}}، والباقي في RAM.',
    gpus_zero: 'بلا بطاقات رسوميات',
    gpus_one: 'بطاقة رسوميات واحدة',
    gpus_two: 'بطاقتي رسوميات',
    gpus_few: '{{count}} بطاقات رسوميات',
    gpus_many: '{{count}} بطاقة رسوميات',
    gpus_other: '{{count}} بطاقة رسوميات',
    betterDoesNotFit: 'لماذا لا يكون أفضل؟ لا متّسع لـ {{quant}}.',
    betterReadsFromDisk:
      'لماذا لا يكون أفضل؟ لا تتّسع الذاكرة لـ {{quant}}، ولا بد من قراءته من القرص عند كل رمز.',
    betterIsSplit:
      'لماذا لا يكون أفضل؟ لا تتّسع GPU لـ {{quant}} كاملًا، والتقسيم على Apple Silicon أبطأ من كليهما.',
    betterIsSlower: 'لماذا لا يكون أفضل؟ سيجيب {{quant}} بسرعة {{speed}}.',
    noneIsWhole: 'لماذا لا يكون كله على GPU؟ لا يوجد تكميم صغير بما يكفي لهذا النموذج.',
    wholeIsWorse: {
      broken:
        'لماذا لا يكون كله على GPU؟ يوجد متّسع لـ {{quant}} كاملًا ({{speed}})، لكنه لا يكاد يصلح.',
      poor: 'لماذا لا يكون كله على GPU؟ يوجد متّسع لـ {{quant}} كاملًا ({{speed}})، لكنه يخطئ خطأً واضحًا في معظم الإجابات الطويلة.',
      weak: 'لماذا لا يكون كله على GPU؟ يوجد متّسع لـ {{quant}} كاملًا ({{speed}})، لكنه يخطئ خطأً واضحًا من حين إلى حين.',
      other:
        'لماذا لا يكون كله على GPU؟ يوجد متّسع لـ {{quant}} كاملًا ({{speed}})، لكن إجاباته أضعف.',
    },
    tablesOnProcessor:
      'لماذا ليس {{quant}}؟ حجمه مقارب، لكن المعالج أبطأ في حساب تكميمات IQ: فهي تبحث عن كل قيمة في جدول.',
    tablesOnMetal:
      'لماذا ليس {{quant}}؟ حجمه مقارب، لكن Metal أبطأ في حساب تكميمات IQ: فهي تبحث عن كل قيمة في جدول.',
    readsFromDisk:
      'لا تتّسع له الذاكرة: يقرأ كل رمز من {{least}} إلى {{most}} GB من القرص، أي {{time}} للرمز.',
    aboutASecond: 'نحو ثانية',
    seconds: '{{range}} من الثواني',
    otherIsFaster:
      'يجيب {{model}} هنا بأقل من {{underTokS}} من الرموز في الثانية. أما {{instead}} {{quant}} فسيجيب بسرعة {{speed}}.',
    otherIsBetter:
      'لا متّسع لـ {{model}} إلا في صورة كثيرة الأخطاء. أما {{instead}} {{quant}} فسيجيب بسرعة {{speed}}.',
    allAreSlow:
      'يجيب {{model}} هنا بأقل من {{underTokS}} من الرموز في الثانية، ولا يوجد في القائمة نموذج أصغر سريع أيضًا.',
    nothingFaster: 'لا يوجد ما هو أسرع بوضوح هنا ويعطي إجابات تنفع.',
    nothingBetter: 'لا يوجد أفضل منه يعمل هنا بسرعة تُحتمل.',
    timesAsFast: 'أسرع من {{quant}} بنحو {{factor}} أضعاف.',
    speedInstead: '{{speed}} من الرموز في الثانية بدلًا من {{insteadOf}}.',
  },
  remarks: {
    memoryUnknown: 'لا يُعرف كم ذاكرة في هذا الحاسوب. تفترض الخطة أنها تكفي.',
    memorySpeedAssumed:
      'لم تُقَس سرعة ذاكرته. تفترض الخطة أنها تقرأ {{gbS}} GB في الثانية، مثل الوحدات الشائعة.',
    appleShare: {
      smallMac:
        'من ذاكرة هذا الـ Mac وقدرها {{total}}، يسمح macOS لـ GPU بأن تستخدم {{gpu}}. والباقي يلزم macOS نفسه؛ وعلى جهاز بهذا الحجم ينبغي أن يبقى كذلك.',
      nothingToSpare:
        'من ذاكرة هذا الـ Mac وقدرها {{total}}، يسمح macOS لـ GPU بأن تستخدم {{gpu}}. ولو زاد لما بقي لـ macOS ما يكفيه.',
      canGrow:
        'من ذاكرة هذا الـ Mac وقدرها {{total}}، يسمح macOS لـ GPU بأن تستخدم {{gpu}}. للخبراء: الأمر أدناه يرفعها إلى {{wanted}}، ويترك {{left}} لـ macOS وللبرامج الأخرى. ويسري حتى إعادة تشغيل الجهاز؛ فأغلق حتى ذلك الحين ما لا تحتاجه، لأن الجهاز الذي تنفد ذاكرته يتجمّد. {{command}}',
    },
    gpuMemoryUnknown: 'لا تُفصح {{gpu}} عن مقدار ذاكرتها، فلا تُخطَّط لها طبقات.',
    gpuFull: 'ذاكرة {{gpu}} ممتلئة. أغلق ما يشغلها، ثم انظر ثانية.',
    gpuShared: 'تشغل برامج أخرى {{held}} من {{total}} في {{gpu}}. إغلاقها يُفسح مكانًا لطبقات أكثر.',
    gpuSpeedUnknown: 'لا تُعرف سرعة ذاكرة {{gpu}}. السرعات تخمينات حذرة.',
  },
  guideRemarks: {
    oneRow: 'في الدليل سطر واحد للبطاقات ذات {{sizes}} GB.',
    tooMany: 'لا متّسع لـ {{quant}} مع {{nLayers}} من الطبقات: المتّسع لـ {{most}}.',
    tooFew: '{{quant}}: يقف الدليل عند {{nLayers}} من الطبقات؛ والمتّسع لـ {{fit}}.',
    tooFewAll: '{{quant}}: يقف الدليل عند {{nLayers}} من الطبقات؛ والمتّسع لها كلها.',
    memoryTooSmall:
      '{{quant}}: ذاكرة قدرها {{ramGb}} GB أقل مما يلزم؛ فالجزء الذي خارج البطاقة يشغل {{needed}} GiB.',
  },
  ofComputer: {
    here: 'هذا الحاسوب: {{parts}}',
    another: 'حاسوب آخر: {{parts}}',
    noGpu: 'بلا بطاقة رسوميات',
    gpu: '{{name}}، \u2066{{value}} GiB\u2069',
    ram: 'ذاكرة قدرها \u2066{{value}} GiB\u2069',
    ramUnknown: 'ذاكرة غير معروفة',
    preset: 'ذاكرة قدرها \u2066{{value}} GB\u2069',
    ssd: 'قرص SSD',
    hdd: 'قرص صلب',
  },
};
