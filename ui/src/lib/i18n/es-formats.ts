import type { formats as english } from './en-formats';
import type { Spanish } from './shape';

/** Spanish: what answers look like. */
export const formats: Spanish<typeof english> = {
  formats: {
    label: 'Formato de las respuestas',
    text: 'Texto libre',
    textHint: 'Lo que el modelo escriba.',
    jsonObject: 'Cualquier objeto JSON',
    jsonObjectHint: 'La respuesta es un objeto JSON y nada más.',
    jsonSchema: 'JSON según un esquema',
    jsonSchemaHint:
      'La respuesta es JSON que cumple este esquema. El modelo no puede escribir otra cosa.',
    grammar: 'Según una gramática',
    grammarHint: 'La respuesta cumple esta gramática. Empieza por la regla root.',
    schema: 'Esquema JSON',
    gbnf: 'Gramática (GBNF)',
    noJson: 'Esto todavía no es JSON.',
    noObject: 'Un esquema es un objeto JSON: empieza con { y termina con }.',
    noRoot: 'Falta la regla root ::= …',
    tooLong: 'Esto ocupa más de 256 KiB.',
  },
};
