/** English: what answers look like. */
export const formats = {
  formats: {
    label: 'Format of answers',
    text: 'Free text',
    textHint: 'Whatever the model writes.',
    jsonObject: 'Any JSON object',
    jsonObjectHint: 'The answer is one JSON object and nothing else.',
    jsonSchema: 'JSON by a schema',
    jsonSchemaHint:
      'The answer is JSON that fits this schema. The model cannot write anything else.',
    grammar: 'By a grammar',
    grammarHint: 'The answer fits this grammar. It begins with the rule root.',
    schema: 'JSON Schema',
    gbnf: 'Grammar (GBNF)',
    noJson: 'This is not JSON yet.',
    noObject: 'A schema is a JSON object: it begins with { and ends with }.',
    noRoot: 'The rule root ::= … is missing.',
    tooLong: 'This is longer than 256 KiB.',
  },
};
