// Whether the paths of this repository that Markdown names exist: `pallets/pace`, `scripts/weights database`,
// `docs/adr/*.md`. Links are another check; of them only `file#L10` is looked at here.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { code, files, lineOf, prose, ROOT } from './markdown.mjs';

/**
 * The words of a piece of code that begin with a folder of the root.
 * @param {string} text
 * @param {Set<string>} folders names of the root's folders
 */
export function pathsIn(text, folders) {
	const words = text.split(/[\s"'()|=]+/).map((word) =>
		word
			.replace(/^\.\//, '')
			.replace(/[,.;:]+$/, '')
			.replace(/(#L\d+(-L\d+)?|(:\d+)+)$/, ''),
	);
	return words.filter((word) => word.includes('/') && !word.includes('://') && folders.has(word.split('/', 1)[0]));
}

/** Everything that exists, folders too, from a list of files. @param {string[]} names */
export function known(names) {
	const all = new Set(names);
	for (const name of names) for (let up = path.dirname(name); up !== '.'; up = path.dirname(up)) all.add(up);
	return all;
}

/**
 * Whether something of that name exists. `{a,b}` stands for both, `*`, `**` and `?` for at least one. `<name>`, `NAME`,
 * `$name` and dots stand for anything: then only what is before them has to exist.
 * @param {string} name
 * @param {Set<string>} all
 * @returns {boolean}
 */
export function exists(name, all) {
	const choice = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/.exec(name);
	if (choice) return choice[2].split(',').every((part) => exists(choice[1] + part + choice[3], all));

	const segments = name.replace(/\/+$/, '').split('/');
	const open = segments.findIndex((segment, index) => {
		const present = all.has(segments.slice(0, index + 1).join('/'));
		return !present && /[<>$…]|\.\.\.|^[A-Z][A-Z0-9_-]*(\.\w+)?$/.test(segment);
	});
	if (open > 0) return exists(segments.slice(0, open).join('/'), all);

	const plain = segments.join('/');
	if (!/[*?]/.test(plain)) return all.has(plain);
	const pattern = plain.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*\*\/?|\*|\?/g, (glob) => {
		if (glob === '?') return '[^/]';
		return glob === '*' ? '[^/]*' : '.*';
	});
	return [...all].some((file) => new RegExp(`^${pattern}$`).test(file));
}

/**
 * What is wrong on one page.
 * @param {string} page its text
 * @param {Set<string>} all
 * @param {Set<string>} folders
 */
export function missing(page, all, folders) {
	return code(page).flatMap(({ line, text }) =>
		pathsIn(text, folders)
			.filter((name) => !exists(name, all))
			.map((name) => ({ line, name })),
	);
}

/**
 * Links to lines that their file does not have.
 * @param {string} page its text
 * @param {string} at its name
 * @param {(name: string) => number | undefined} lengthOf lines of a file
 */
export function beyondTheEnd(page, at, lengthOf) {
	const text = prose(page);
	return [...text.matchAll(/\]\(([^)\s#:]+)#L(\d+)(?:-L(\d+))?\)/gi)].flatMap(([link, target, from, to], index, all) => {
		const name = path.posix.join(path.posix.dirname(at), target);
		const lines = lengthOf(name);
		if (lines === undefined || Math.max(Number(from), Number(to ?? 0)) <= lines) return [];
		return [{ line: lineOf(text, /** @type {any} */ (all[index]).index), name: `${link.slice(2, -1)}: ${name} has ${lines} lines` }];
	});
}

/** What git ignores is made at run time. @param {string} name */
function ignored(name) {
	try {
		execFileSync('git', ['check-ignore', '--quiet', '--', name, `${name}/`], { cwd: ROOT, stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}

/** @param {string} name */
function lengthOf(name) {
	try {
		return readFileSync(ROOT + name, 'utf8').split('\n').length;
	} catch {
		// A dead link: the check of links says so.
		return undefined;
	}
}

if (import.meta.filename === process.argv[1]) {
	const names = files();
	const all = known(names);
	const folders = new Set([...all].filter((name) => name.includes('/')).map((name) => name.split('/', 1)[0]));
	const pages = files('*.md');
	const wrong = pages.flatMap((at) => {
		const page = readFileSync(ROOT + at, 'utf8');
		const absent = missing(page, all, folders).filter(({ name }) => !ignored(name));
		return [
			...absent.map(({ line, name }) => `${at}:${line}: no such path: ${name}`),
			...beyondTheEnd(page, at, lengthOf).map(({ line, name }) => `${at}:${line}: no such line: ${name}`),
		];
	});
	for (const message of wrong) console.error(message);
	console.log(`paths: ${pages.length} pages, ${wrong.length} wrong`);
	process.exitCode = wrong.length > 0 ? 1 : 0;
}
