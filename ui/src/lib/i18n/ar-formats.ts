import type { formats as english } from './en-formats';
import type { Arabic } from './shape';

/** Arabic: what answers look like. */
export const formats: Arabic<typeof english> = {
  formats: {
    label: 'شكل الإجابات',
    text: 'نص حر',
    textHint: 'أي شيء يكتبه النموذج.',
    jsonObject: 'أي كائن JSON',
    jsonObjectHint: 'الإجابة كائن JSON واحد ولا شيء غيره.',
    jsonSchema: 'JSON وفق مخطط',
    jsonSchemaHint: 'الإجابة JSON يطابق هذا المخطط، ولا يمكن للنموذج أن يكتب غير ذلك.',
    grammar: 'وفق قواعد',
    grammarHint: 'الإجابة تطابق هذه القواعد، وتبدأ بالقاعدة root.',
    schema: 'مخطط JSON',
    gbnf: 'القواعد (GBNF)',
    noJson: 'هذا ليس JSON بعد.',
    noObject: 'المخطط كائن JSON: يبدأ بـ { وينتهي بـ }.',
    noRoot: 'القاعدة ‎root ::= …‎ ناقصة.',
    tooLong: 'هذا أطول من 256 كيبيبايت.',
  },
};
