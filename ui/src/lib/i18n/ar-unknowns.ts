import type { unknowns as english } from './en-unknowns';
import type { Arabic } from './shape';

/** Arabic: what could not be found out about this computer, and why. */
export const unknowns: Arabic<typeof english> = {
  things: {
    computer: 'الحاسوب',
    processorName: 'اسم المعالج',
    processorCores: 'أنوية المعالج',
    processorAndMemory: 'المعالج والذاكرة',
    memory: 'الذاكرة',
    freeMemory: 'الذاكرة المتاحة',
    disks: 'الأقراص',
    graphicsCards: 'بطاقات الرسوميات',
    nvidiaCard: 'بطاقة رسوميات NVIDIA',
    nvidiaCardOf: 'بطاقة رسوميات NVIDIA رقم {{number}} من {{total}}',
    ofDriver: 'برنامج تشغيل NVIDIA: {{details}}',
    ofCard: 'عن {{name}}: {{details}}',
    ofNvidiaCard: 'بطاقة رسوميات NVIDIA: {{details}}',
    ofNvidiaCardNumber: 'بطاقة رسوميات NVIDIA رقم {{number}}: {{details}}',
    and: '، ',
    detail: {
      driverVersion: 'إصدار برنامج التشغيل',
      cudaVersion: 'إصدار CUDA',
      numberOfCards: 'عدد البطاقات',
      name: 'الاسم',
      memory: 'الذاكرة',
      memoryBandwidth: 'عرض نطاق الذاكرة',
      computeCapability: 'القدرة الحسابية',
      placeOnBus: 'الموضع على ناقل PCI',
      programs: 'البرامج التي تستخدمها',
    },
  },
  causes: {
    notInCpuinfo: 'لا يذكره النظام في \u2066/proc/cpuinfo\u2069.',
    noCores:
      'لا يُظهر النظام لهذا البرنامج \u2066/sys/devices/system/cpu\u2069 ولا \u2066/proc/cpuinfo\u2069. يعدّ Paddock خيوط المعالج بدلًا منها.',
    noMeminfo: 'لا يُظهر النظام \u2066/proc/meminfo\u2069 لهذا البرنامج. اكتب كم ذاكرة توجد.',
    notInMeminfo: 'لا يذكرها النظام في \u2066/proc/meminfo\u2069.',
    noMounts:
      'لا يسرد النظام قرصًا محليًا في \u2066/proc/self/mountinfo\u2069. اختر مجلدًا للنماذج بنفسك.',
    notTold: 'لا يذكره النظام: {{reason}}.',
    notListed: 'لا يسردها النظام: {{reason}}. اختر مجلدًا للنماذج بنفسك.',
    lookingFailed: 'تعذّر النظر إليه: {{reason}}.',
    engineCouldNotLook: 'لم يستطع المحرّك أن ينظر: {{reason}} كل ما سوى ذلك يعمل من دونها.',
    driverSilent_zero: 'لم يُجب برنامج تشغيلها. كثيرًا ما تنفع إعادة تشغيل الحاسوب.',
    driverSilent_one: 'لم يُجب برنامج تشغيلها خلال ثانية واحدة. كثيرًا ما تنفع إعادة تشغيل الحاسوب.',
    driverSilent_two: 'لم يُجب برنامج تشغيلها خلال ثانيتين. كثيرًا ما تنفع إعادة تشغيل الحاسوب.',
    driverSilent_few:
      'لم يُجب برنامج تشغيلها خلال {{count}} ثوانٍ. كثيرًا ما تنفع إعادة تشغيل الحاسوب.',
    driverSilent_many:
      'لم يُجب برنامج تشغيلها خلال {{count}} ثانية. كثيرًا ما تنفع إعادة تشغيل الحاسوب.',
    driverSilent_other:
      'لم يُجب برنامج تشغيلها خلال {{count}} ثانية. كثيرًا ما تنفع إعادة تشغيل الحاسوب.',
    noNvidiaDriver:
      'في هذا الحاسوب بطاقة رسوميات NVIDIA، لكن لا يوجد برنامج تشغيل NVIDIA يعمل. ثبّت برنامج تشغيل NVIDIA (وفي حاوية: مرّر إليها البطاقة)، ثم شغّل Paddock ثانية.',
    anotherLibrary:
      'المكتبة التي ينبغي أن تكون لبرنامج تشغيل NVIDIA مكتبة أخرى. ثبّت برنامج تشغيل NVIDIA ثانية.',
    driverDoesNotAnswer: 'لا يجيب برنامج تشغيل NVIDIA: {{fault}}',
    cardOutOfReach: 'يسردها برنامج التشغيل لكنه لا يصل إليها: {{fault}}',
    zero: 'يقول برنامج التشغيل صفرًا، ولا يمكن ذلك. قد يعرف برنامج أحدث ما هو أصح.',
    withoutCuda:
      'لدى برنامج التشغيل هذه البطاقة، لكن هذه النسخة من المحرّك لا تستطيع الحساب عليها: بُنيت من دون CUDA وVulkan، أو لا يعملان مع برنامج التشغيل هذا. تعمل النماذج على المعالج. قد يغيّر ذلك برنامج تشغيل أحدث، أو نسخة من Paddock مع CUDA أو Vulkan.',
    unseenCard:
      'يحسب المحرّك على بطاقات NVIDIA أخرى لكنه لا يرى هذه: ربما كانت أقدم مما تقبله هذه النسخة، أو أخفاها متغيّر البيئة CUDA_VISIBLE_DEVICES.',
    unseenCardOf:
      'يحسب المحرّك على بطاقات NVIDIA أخرى لكنه لا يرى هذه: ربما كانت أقدم مما تقبله هذه النسخة (القدرة الحسابية {{version}})، أو أخفاها متغيّر البيئة CUDA_VISIBLE_DEVICES.',
    fault: {
      tooOld: 'برنامج تشغيل NVIDIA هذا أقدم من أن يذكر ذلك. ثبّت أحدث منه.',
      updated: 'حُدّث برنامج التشغيل وما زال القديم يعمل. أعِد تشغيل الحاسوب.',
      notRunning:
        'برنامج التشغيل مثبّت لكنه لا يعمل. أعِد تشغيل الحاسوب؛ فإن لم ينفع فثبّت برنامج التشغيل ثانية (ومع Secure Boot يجب أن يكون موقّعًا).',
      partMissing: 'جزء من برنامج التشغيل مفقود. ثبّت برنامج تشغيل NVIDIA ثانية.',
      forbidden:
        'لا يسمح النظام لهذا البرنامج بأن يسأل برنامج التشغيل. في حاوية، مرّر إليها البطاقة؛ وإلا فراجع أذونات \u2066/dev/nvidia*\u2069.',
      cardLost: 'لم تعد البطاقة تستجيب. أعِد تشغيل الحاسوب؛ وتأكد من كبلات طاقتها ومن تثبيتها.',
      cardHung: 'تجمّدت البطاقة. أعِد تشغيل الحاسوب.',
      noPower: 'كبلات الطاقة الإضافية للبطاقة ليست موصولة كما ينبغي.',
      noInterrupts: 'لا تصل مقاطعات البطاقة. أعِد تشغيل الحاسوب.',
      tooSlow: 'استغرق برنامج التشغيل وقتًا أطول مما ينبغي. أعِد المحاولة، أو أعِد تشغيل الحاسوب.',
      notSupported: 'لا تذكر هذه البطاقة أو برنامج تشغيلها ذلك.',
      unreadable: 'أجاب برنامج التشغيل بنص لا يُقرأ.',
      other: 'كلام برنامج التشغيل: {{words}}. قد تنفع إعادة التشغيل أو برنامج تشغيل أحدث.',
    },
  },
};
