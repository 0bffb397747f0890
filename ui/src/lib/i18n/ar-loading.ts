import type { loadingWords as english } from './en-loading';
import type { Arabic } from './shape';

/** Arabic: how loads are held back, what was made smaller, what is read from the disk, how long a model is kept. */
export const loadingWords: Arabic<typeof english> = {
  loading: {
    notes: 'عن هذا النموذج',
    stop: 'إيقاف التحميل',
    anyway: 'حمّله على أي حال',
    smaller: 'حمّل {{name}} بدلًا منه ({{size}})',
    fitting: 'صُغّر ليتسع له ما هو خالٍ من الذاكرة',
    remembered: 'كما في المرة السابقة: لم تتسع الذاكرة هنا للإعدادات الكاملة.',
    inFull: 'جرّب الإعدادات الكاملة مرة أخرى',
    step: {
      fewerLayers: 'الطبقات على بطاقة الرسوم: {{from}} ← {{to}}',
      notRearranged: 'تبقى الأوزان كما هي في الملف: أبطأ قليلًا، ومن دون نسخة في الذاكرة',
      smallerMicroBatch: 'الدفعة الصغرى: {{from}} ← {{to}} رمزًا',
      smallerKvCache: 'ذاكرة KV المؤقتة: 16 ← 8 بتات',
      shorterContext: 'السياق: {{from}} ← {{to}} رمزًا',
    },
    shortOf: {
      ram: 'الذاكرة اللازمة {{needed}}، والخالي {{free}}',
      gpu: 'ذاكرة الرسوم اللازمة {{needed}}، والخالي {{free}}',
    },
    fromDisk: 'أكبر من الذاكرة',
    fromDiskPrice:
      'يقرأ كل رمز {{least}}–{{most}} من القرص الذي يقرأ {{speed}} غ.ب في الثانية: نحو {{leastS}}–{{mostS}} ث لكل رمز.',
    diskAssumed: 'سرعة القرص مفترضة.',
    fromDiskLive: 'هذا الرد: قُرئ {{read}}، و{{seconds}} ث لكل رمز.',
    fromDiskReading: 'هذا الرد: قُرئ {{read}}.',
    ramLimit: 'يجوز للمحرّك أن يستخدم {{size}} من الذاكرة؛ والنظام يفرض ذلك.',
    ramLimitPlanned:
      'ينبغي ألا يستخدم المحرّك أكثر من {{size}} من الذاكرة. لا يفرض هذا النظام ذلك، فهو يُراعى في التخطيط فقط.',
    notOnGpu: {
      unusable: 'يعمل على المعالج: لا يستطيع المحرّك الحساب على {{gpu}}. ربما ينقص برنامج تشغيل.',
      gone: 'يعمل على المعالج: بطاقة الرسوم التي استخدمها آخر مرة لم تعد موجودة. قد تعيدها إعادة تشغيل الحاسوب.',
      notTaken: 'طُلبت {{asked}} من الطبقات على بطاقة الرسوم ولم تذهب إليها أي طبقة.',
    },
    slower: 'أبطأ مما ينبغي: {{measured}} بدلًا من {{expected}}.',
    slowerBecause: {
      gpuNotUsed:
        'هذا بطء المعالج وحده: يبدو أن بطاقة الرسوم لا تُستخدم. حدّث برنامج تشغيلها ثم حمّل النموذج من جديد.',
      spilledIntoRam:
        'بطاقة الرسوم ممتلئة تقريبًا، وقد يُبقي برنامج تشغيلها جزءًا في الذاكرة الرئيسية. حمّل النموذج بطبقات أقل، أو أغلق ما يستخدم البطاقة.',
      ramShort:
        'الذاكرة ممتلئة تقريبًا، وربما نُقلت أجزاء من النموذج إلى القرص. أغلق برامج أخرى أو اختر نموذجًا أصغر.',
      diskSlow: 'يقرأ القرص أبطأ من المتوقع. ربما تستخدمه برامج أخرى.',
      unknown: 'قد تبطئه برامج أخرى أو توفير الطاقة أو الحرارة.',
    },
    resting: 'أُفرغ بعد {{time}} من دون رسالة. الرسالة التالية تحمّله من جديد.',
    restsAfter: 'يُفرغ بعد {{time}} من دون رسالة.',
    restsAtOnce: 'يُفرغ بعد كل رد.',
    moment: 'لحظة',
    seconds: '{{value}} ث',
    minutes: '{{value}} د',
    concern: {
      notEnoughRam: 'يحتاج إلى {{needed}} من الذاكرة لا يمكن ردّها، والخالي {{free}}.',
      littleRamLeft: 'يترك {{left}} من الذاكرة لكل ما عداه؛ وينبغي أن يبقى {{wanted}} خاليًا.',
      notEnoughOnGpu: 'يحتاج جزؤه على {{gpu}} إلى {{needed}}، والخالي هناك {{free}}.',
      littleLeftOnGpu: 'يترك {{left}} على {{gpu}}؛ وينبغي أن يبقى {{wanted}} خاليًا.',
      beyondWorkingSet:
        'ستحمل وحدة الرسوم {{needed}}، ويوصي macOS بـ {{workingSet}} على الأكثر. وفوق ذلك قد تُنهى برامج.',
      readsFromDisk:
        'هو أكبر من الذاكرة الخالية: يُقرأ من القرص لكل رمز من {{least}} إلى {{most}}، بنحو {{speed}}.',
    },
  },
  loadingSettings: {
    guardrail: 'الحاجز',
    guardrailHint: 'ما يُمنع قبل التحميل. خيار «حمّله على أي حال» موجود دائمًا.',
    level: {
      off: 'بلا حاجز',
      relaxed: 'متساهل',
      balanced: 'متوازن',
      strict: 'صارم',
    },
    levelHint: {
      off: 'لا يُمنع شيء.',
      relaxed: 'يمنع ما لا يمكن أن يتسع له المكان.',
      balanced: 'يمنع ما لا يمكن أن يتسع له المكان، وما يُقرأ من القرص لكل رمز.',
      strict: 'يمنع أيضًا ما يترك أقل من عُشر الذاكرة أو 1 غ.ب من بطاقة الرسوم خاليًا.',
    },
    keep: 'إبقاء النموذج في الذاكرة',
    keepHint: 'كم من الوقت بعد آخر رد. الرسالة التالية تحمّله من جديد.',
    keepUnit: 'دقائق',
    keepOption: { never: 'دائمًا', atOnce: 'حتى ينتهي الرد', minutes: 'بضع دقائق' },
    keepProblem: 'اكتب من 1 إلى 10,080 دقيقة.',
    ram: 'حد الذاكرة',
    ramHint:
      'أقصى ما يجوز للمحرّك أخذه من الذاكرة الرئيسية. يُقرأ النموذج الأكبر عندئذ من القرص أثناء الرد. فارغ: كل ما هو خالٍ.',
    ramUnit: 'غ.ب',
    ramProblem: 'اكتب 0.2 غ.ب أو أكثر، أو لا شيء.',
  },
};
