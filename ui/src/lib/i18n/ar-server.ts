import type { server as english } from './en-server';
import type { Arabic } from './shape';

/** الخادم المحلي، في الإعدادات. */
export const server: Arabic<typeof english> = {
  serverSettings: {
    on: 'أجب البرامج الأخرى',
    onHint:
      'خادم محلي بواجهتي OpenAI و Anthropic. تستطيع المحررات والنصوص البرمجية والوكلاء على هذا الحاسوب استخدام نموذجك.',
    address: 'العنوان',
    addressHint: 'ما تطلبه البرامج الأخرى باسم العنوان الأساسي (base URL).',
    copyAddress: 'انسخ العنوان',
    off: 'متوقف. لا شيء ينتظر على أي منفذ في هذا الحاسوب.',
    load: 'قيد التنفيذ: {{running}} · في الانتظار: {{waiting}}',
    lanAddress: 'من حواسيب أخرى',
    key: 'المفتاح',
    keyHint: 'على البرامج أن تُظهره. مكانه حيث يُطلب مفتاح API.',
    keySession: 'ليس في هذا النظام سلسلة مفاتيح، فالمفتاح صالح حتى يُغلق Paddock، ثم يُنشأ غيره.',
    showKey: 'أظهر',
    hideKey: 'أخفِ',
    copyKey: 'انسخ المفتاح',
    copyKeyShort: 'انسخ',
    renewKey: 'جدّد',
    renewAsk: 'إنشاء مفتاح آخر؟',
    renewText: 'تُرفض البرامج التي تستخدم المفتاح الحالي حتى تحصل على الجديد.',
    saidRenewed: 'يوجد الآن مفتاح آخر.',
    port: 'المنفذ',
    portHint: 'من 1024 إلى 65535؛ والمعتاد 12434.',
    portProblem: 'عدد صحيح من 1024 إلى 65535.',
    parallel: 'إجابات في آن واحد',
    parallelHint: 'تتقاسم سياق النموذج. يسري من تحميله التالي.',
    parallelProblem: 'عدد صحيح من 1 إلى 64.',
    lan: 'افتحه للشبكة',
    lanHint:
      'تستطيع حواسيب أخرى في شبكتك استخدام النموذج إن كان معها المفتاح. ما ترسله وتتلقاه غير معمّى في طريقه.',
  },
};
