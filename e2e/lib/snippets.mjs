// @ts-check
// The examples of a documentation page, run as they are printed there.
import { readFile } from 'node:fs/promises';

/** @type {new (...names: string[]) => (...values: unknown[]) => Promise<any>} Makes a function of names and code. */
export const AsyncFunction = /** @type {any} */ (async () => {}).constructor;

/**
 * The named JavaScript examples of a page below `docs/`: functions of an object with the names that they use.
 *
 * @param {string} page
 */
export async function snippets(page) {
	const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
	/** @type {Record<string, ((names: Record<string, unknown>) => Promise<any>) & { code: string }>} */
	const found = {};
	for (const [, name, code] of text.matchAll(/^```js (\w+)\n([\s\S]*?)^```$/gm)) {
		if (found[name]) throw new Error(`docs/${page} has two examples named ${name}`);
		found[name] = Object.assign((/** @type {Record<string, unknown>} */ names) => new AsyncFunction(...Object.keys(names), code)(...Object.values(names)), { code });
	}
	return found;
}
