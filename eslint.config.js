import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './ui/svelte.config.js';

/** The rules of the house that a machine can check. Scope: ui/ only. */
const tauri = {
  group: ['@tauri-apps/*'],
  message: 'Only ui/src/lib/host talks to Tauri. Add a method to Host instead.',
};
const host = {
  regex: 'lib/host(/index)?$|lib/host/(tauri|fake|host)$',
  allowTypeImports: true,
  message: 'Only stores call the host. Components use a store.',
};
const domains = ['chat', 'models', 'onboarding', 'settings'];

export default ts.config(
  { ignores: ['ui/dist/**', 'ui/src/lib/host/bindings.ts', 'target/**', 'node_modules/**'] },
  { files: ['ui/**/*.{ts,js,svelte}'], extends: [js.configs.recommended, ts.configs.strict] },
  ...svelte.configs.recommended.map((c) => ({ ...c, files: c.files ?? ['ui/**/*.svelte'] })),
  {
    files: ['ui/**/*.{ts,js,svelte}'],
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      // A snippet's parameters are those of its caller; one that is not needed begins with a line.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-undef': 'off',
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-eval': 'error',
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [tauri] }],
    },
  },
  {
    files: ['ui/**/*.svelte', 'ui/**/*.svelte.ts'],
    plugins: { svelte },
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
    rules: { 'prefer-const': 'off', 'svelte/prefer-const': 'error' },
  },
  {
    files: ['ui/src/components/**/*.svelte', 'ui/src/components/**/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [tauri, host] }] },
  },
  ...domains.map((domain) => ({
    files: [`ui/src/components/${domain}/**`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            tauri,
            host,
            {
              regex: `^(\\.\\./)+(components/)?(${domains.filter((d) => d !== domain).join('|')}|views)/`,
              message: 'Component domains do not import each other; views compose them.',
            },
          ],
        },
      ],
    },
  })),
  {
    files: ['ui/src/lib/host/**'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  { files: ['ui/**/*.test.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
