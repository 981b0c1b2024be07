import javascript from '@eslint/js';
import globals from 'globals';

export default [
  javascript.configs.recommended,
  {
    languageOptions: { ecmaVersion: 'latest', sourceType: 'module', globals: globals.browser },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'srcdoc'].map((property) => ({
          property,
          message: 'Texts are hostile: make elements with h() of dom.js.',
        })),
        { object: 'document', property: 'write', message: 'Make elements with h() of dom.js.' },
      ],
    },
  },
];
