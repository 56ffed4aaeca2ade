// The Markdown files of the repository, and what of a page is code.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Files that git tracks or would track, relative to the root.
 * @param {...string} patterns as `git ls-files` takes them
 */
export function files(...patterns) {
	const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns];
	const names = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0');
	// One that was deleted is listed until the deletion is staged.
	return [...new Set(names)].filter((name) => name && existsSync(ROOT + name));
}

/**
 * The code of a page: inline spans, and the lines of blocks in a shell's language.
 * @param {string} page
 */
export function code(page) {
	/** @type {{ line: number, text: string }[]} */
	const found = [];
	const prose = outsideOfBlocks(page, (line, text, language) => {
		if (/^(sh|bash|shell|console)$/.test(language)) found.push({ line, text });
	});
	for (const match of prose.matchAll(SPAN)) found.push({ line: lineOf(prose, match.index), text: match[2] });
	return found.sort((a, b) => a.line - b.line);
}

/**
 * A page without code: its blocks and spans are blank, all else stays where it was.
 * @param {string} page
 */
export const prose = (page) => outsideOfBlocks(page).replace(SPAN, blank);

/**
 * The number of the line, from 1, in which an offset lies.
 * @param {string} text
 * @param {number} offset
 */
export const lineOf = (text, offset) => text.slice(0, offset).split('\n').length;

// A span may go over a line's end, but not over a paragraph's.
const SPAN = /(?<!`)(`+)(?!`)((?:(?!\n\s*\n)[\s\S])*?[^`])\1(?!`)/g;

/** @param {string} text */
const blank = (text) => text.replace(/[^\n]/g, ' ');

/**
 * @param {string} page
 * @param {(line: number, text: string, language: string) => void} [inBlock] hears of every line of a fenced block
 */
function outsideOfBlocks(page, inBlock = () => {}) {
	let fence = '';
	let language = '';
	const outside = page.split('\n').map((text, index) => {
		const mark = /^\s*(`{3,}|~{3,})\s*([^\s`]*)/.exec(text);
		if (mark && !fence) {
			[, fence, language] = mark;
		} else if (mark && mark[1].startsWith(fence) && !mark[2]) {
			fence = '';
		} else if (fence) {
			inBlock(index + 1, text, language);
		} else {
			return text;
		}
		return '';
	});
	return outside.join('\n');
}
