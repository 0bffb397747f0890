import type { en } from './en';
import type { Arabic } from './shape';

/** Arabic: the card that greets a newcomer. */
export const firstRun: Arabic<typeof en>['firstRun'] = {
  label: 'الخطوات الأولى',
  steps: 'الخطوات',
  at: 'الخطوة {{at}} من {{of}}: {{name}}',
  welcome: 'أهلًا',
  computer: 'حاسوبك',
  model: 'نموذجك',
  download: 'التنزيل',
  check: 'الفحص',
  skip: 'تخطَّ الآن',
  back: 'رجوع',
  next: 'متابعة',
  begin: 'افحص حاسوبي',
  welcomeTitle: 'أهلًا بك في Paddock',
  welcomeText:
    'يشغّل Paddock نماذج لغوية كبيرة على هذا الحاسوب. ينظر إلى ما لديك، ويخبرك بما يتّسع له وبسرعته، ثم يكون مكانًا للكتابة. لا يخرج من الحاسوب شيء مما تكتب.',
  welcomeSkip: 'يمكنك أيضًا أن تكتب رسالة في الأسفل فحسب. عندئذ تختفي هذه البطاقة.',
  llama: 'Built with Llama.',
  licence:
    '\u2066Llama 3.3 is licensed under the Llama 3.3 Community License, Copyright © Meta Platforms, Inc. All Rights Reserved.\u2069 وللنماذج الأخرى شروطها، مذكورة بجانبها.',
  modelText: 'ما يناسب هذا الحاسوب، قبل أن يُنزَّل أي شيء.',
  modelMore: 'التكميمات الثلاثون كلها في «النماذج»، أسفل الشريط الجانبي.',
  downloadText: 'لم يُنزَّل شيء بعد. يمكنك فعل ذلك لاحقًا أيضًا، من «النماذج».',
  downloadNothing: 'لا يوجد نموذج يُقترح. ارجع خطوة، أو استخدم ملفًا لديك.',
  downloadGoesOn: 'يستمر وأنت تتجوّل، وبعد إعادة التشغيل.',
  downloadLater: 'تابع بلا تنزيل',
  haveFile: 'استخدم ملفًا لديّ',
  haveModels: 'هذه النماذج موجودة على هذا الحاسوب ويمكنها العمل هنا:',
  using: 'يُستخدم {{name}} في الفحص.',
  openFile: 'ملف GGUF آخر…',
  checkChosen: 'يحمّل {{name}} ويسأله سؤالًا قصيرًا واحدًا.',
  checkComing:
    'لم يكتمل تنزيلك بعد. حتى ذلك الحين يُظهر نموذج صغير جدًا يأتي مع Paddock أن المحرّك يعمل هنا.',
  checkText:
    'يُظهر نموذج صغير جدًا يأتي مع Paddock أن المحرّك يعمل هنا. يعرف بضع إجابات ولا فائدة منه في غيرها.',
  checkLoaded: 'يسأل {{name}} سؤالًا قصيرًا واحدًا ليرى أن المحرّك يعمل هنا.',
  checkNow: 'افحص المحرّك',
  checkAgain: 'افحص ثانية',
  // Sent to the self-test model, which knows only this wording.
  question: 'Count to 20',
  asked: 'السؤال: {{question}}',
  loading: 'يُحمَّل النموذج',
  answering: 'يجيب',
  works: 'إنه يعمل.',
  speed: '\u2066{{value}} tok/s\u2069 بالقياس',
  smallSpeed: 'نموذج بهذا الصغر سريع دائمًا؛ أما الكبير فلا.',
  failed: 'لم ينجح الفحص.',
  start: 'ابدأ المحادثة',
};
