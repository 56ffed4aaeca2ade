// @ts-check
// Run from the root of the repository: eslint --config checks/eslint.config.mjs e2e checks
import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import noFixedSleep from './rules/no-fixed-sleep.mjs';

const NODE_TEST = { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'before', 'after', 'beforeEach', 'afterEach'] };

export default [
	{ ignores: ['**/node_modules/**'] },
	js.configs.recommended,
	{
		files: ['**/*.mjs'],
		languageOptions: {
			globals: globals.nodeBuiltin,
			parser: tseslint.parser,
			parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
		},
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		plugins: { '@typescript-eslint': tseslint.plugin, substation: { rules: { 'no-fixed-sleep': noFixedSleep } } },
		rules: {
			'array-callback-return': 'error',
			eqeqeq: 'error',
			'no-constructor-return': 'error',
			'no-self-compare': 'error',
			'no-template-curly-in-string': 'error',
			'no-undef': 'error',
			'no-unreachable-loop': 'error',
			'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
			'no-unused-expressions': 'error',
			'no-var': 'error',
			'prefer-const': 'error',
			// Tests do things one after the other, and share what they have made.
			'no-await-in-loop': 'off',
			'require-atomic-updates': 'off',

			// The runner waits for what it has been given.
			'@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [NODE_TEST] }],
			'@typescript-eslint/no-misused-promises': 'error',
			'@typescript-eslint/await-thenable': 'error',
			// In `try` a promise that is only returned fails outside of it.
			'@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
		},
	},
	{ files: ['e2e/**/*.mjs'], ignores: ['e2e/lib/**'], rules: { 'substation/no-fixed-sleep': 'error' } },
];
