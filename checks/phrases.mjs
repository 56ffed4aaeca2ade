// Whether Markdown keeps clear of the phrases that docs/glossary.md rules out; single words are for cspell.
import { readFileSync } from 'node:fs';
import { phrases } from './glossary.mjs';
import { files, lineOf, prose, ROOT } from './markdown.mjs';

const GLOSSARY = 'docs/glossary.md';

/**
 * @param {string} page its text
 * @param {{ word: string, write: string }[]} unwanted
 */
export function found(page, unwanted) {
	const text = prose(page);
	return unwanted.flatMap(({ word, write }) => {
		const pattern = new RegExp(`\\b${word.replace(/ /g, '\\s+')}\\b`, 'gi');
		return [...text.matchAll(pattern)].map(({ index }) => ({ line: lineOf(text, index), word, write }));
	});
}

if (import.meta.filename === process.argv[1]) {
	const pages = files('*.md').filter((at) => at !== GLOSSARY);
	const wrong = pages.flatMap((at) =>
		found(readFileSync(ROOT + at, 'utf8'), phrases).map(({ line, word, write }) => `${at}:${line}: "${word}": write ${write}`),
	);
	for (const message of wrong) console.error(message);
	console.log(`phrases: ${pages.length} pages, ${wrong.length} wrong`);
	process.exitCode = wrong.length > 0 ? 1 : 0;
}
