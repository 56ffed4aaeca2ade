// docs/glossary.md as settings of cspell: its terms are known words, and Markdown does not use what it rules out.
import { readFileSync } from 'node:fs';
import { ROOT } from './markdown.mjs';

/**
 * The cells of all rows of tables below a heading, or on the whole page without their heads.
 * @param {string} page
 * @param {string} [heading]
 */
function rows(page, heading) {
	const below = heading === undefined ? page : (page.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ')[0];
	const lines = below.split('\n').filter((line) => line.startsWith('|'));
	const isRule = (/** @type {string | undefined} */ line) => line !== undefined && /^[|\s:-]+$/.test(line);
	return lines
		.filter((line, index) => !isRule(line) && !isRule(lines[index + 1]))
		.map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

/**
 * Words of the terms, ours and the field's.
 * @param {string} page
 */
export const terms = (page) =>
	[...new Set(rows(page).flatMap(([ours, theirs]) => `${ours} ${theirs}`.match(/\p{L}+/gu) ?? []))].sort();

/**
 * What new text does not use, and what it says instead.
 * @param {string} page
 */
export const forbidden = (page) =>
	rows(page, 'Not in new text').flatMap(([words, write]) => words.split(', ').map((word) => ({ word, write })));

const page = readFileSync(`${ROOT}docs/glossary.md`, 'utf8');

/** Of several words; cspell knows single ones only. */
export const phrases = forbidden(page).filter(({ word }) => word.includes(' '));

export default {
	words: terms(page),
	overrides: [
		{
			filename: '**/*.md',
			flagWords: forbidden(page)
				.filter(({ word }) => !word.includes(' '))
				.map(({ word, write }) => `${word}->${write}`),
		},
	],
};
