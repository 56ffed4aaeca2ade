// @ts-check
// What the lab says while it works.
const started = Date.now();

/**
 * One line on standard error, with the time since the start.
 *
 * @param {string} text
 */
export function say(text) {
	const seconds = Math.round((Date.now() - started) / 1000);
	process.stderr.write(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}  ${text}\n`);
}

/**
 * Rows as a table in Markdown, columns aligned.
 *
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 */
export function table(head, rows) {
	const cells = [head, head.map(() => ''), ...rows].map((row) => row.map(String));
	const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
	const line = (row, fill = ' ') => `| ${row.map((cell, column) => cell.padEnd(widths[column], fill)).join(' | ')} |`;
	process.stderr.write(`\n${cells.map((row, index) => (index === 1 ? line(row, '-') : line(row))).join('\n')}\n\n`);
}

/** @param {number} kbits */
export const megabits = (kbits) => (kbits / 1000).toFixed(2);
/** @param {number} share */
export const percent = (share) => `${(share * 100).toFixed(1)} %`;
