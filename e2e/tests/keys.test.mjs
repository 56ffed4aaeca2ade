// @ts-check
// Keys of accounts in files, without a chain: what `substation key` writes polkadot.js opens, and the other way round.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Keyring } from '@polkadot/api';
import { substation } from '../lib/network.mjs';
import { lastJson } from '../lib/processes.mjs';

/** @import { SubstationOptions } from '../lib/network.mjs' */

const PASSWORD = 'two words, 7 €';
const OTHER = 'another';

const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });

/** @type {string} */
let folder;

/** @type {(name: string) => string} */
const at = (name) => path.join(folder, name);
/**
 * A file that nobody but its owner may read.
 *
 * @type {(name: string, text: string) => Promise<void>}
 */
const secret = (name, text) => writeFile(at(name), text, { mode: 0o600 });
/** @type {(args: string[], options?: SubstationOptions) => Promise<any>} */
const key = async (args, options) => lastJson((await substation(['key', ...args, '--json'], options)).stdout);
/** @type {(...args: string[]) => Promise<string>} */
const refused = async (...args) => (await substation(['key', ...args], { expectFailure: true })).stderr;
/**
 * A key file, opened by polkadot.js.
 *
 * @type {(name: string, password: string) => Promise<ReturnType<Keyring['createFromJson']>>}
 */
const opened = async (name, password) => {
	const pair = keyring.createFromJson(JSON.parse(await readFile(at(name), 'utf8')));
	pair.unlock(password);
	return pair;
};

before(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'substation-keys-'));
	await secret('password', `${PASSWORD}\n`);
	await secret('other', OTHER);
});
after(() => rm(folder, { recursive: true, force: true }));

test('polkadot.js opens a key that was made here, and knows its mnemonic', async () => {
	const { account, mnemonic } = await key(['new', at('new.json'), '--password-file', at('password')]);

	const pair = await opened('new.json', PASSWORD);
	const known = keyring.createFromUri(mnemonic);
	assert.deepEqual([pair.address, known.address], [account, account]);
	assert.ok(known.verify('text', pair.sign('text'), known.publicKey));
	assert.equal((await stat(at('new.json'))).mode & 0o777, 0o600);
	await assert.rejects(opened('new.json', OTHER));
});

test('a key from polkadot.js is read here, and leaves under another password', async () => {
	const pair = keyring.createFromUri('//Ferdie//soft/1', { name: 'ferdie' });
	await secret('wallet.json', JSON.stringify(pair.toJson(PASSWORD)));

	const shown = await key(['show', at('wallet.json'), '--password-file', at('password')]);
	const publicKey = `0x${Buffer.from(pair.publicKey).toString('hex')}`;
	assert.deepEqual(shown, { account: pair.address, publicKey, encrypted: true, checked: true });
	assert.equal((await key(['show', at('wallet.json')])).checked, false);
	const passwords = ['--password-file', at('password'), '--to-password-file', at('other')];
	await key(['export', at('wallet.json'), '--to', at('exported.json'), ...passwords]);

	const again = await opened('exported.json', OTHER);
	assert.ok(pair.verify('text', again.sign('text'), pair.publicKey));
	assert.match(await refused('show', at('exported.json'), '--password-file', at('password')), /the password is wrong/);
});

test('a mnemonic from standard input becomes a key file', async () => {
	const { mnemonic } = await key(['new', at('known.json'), '--password-file', at('password')]);

	const { account } = await key(['import', at('typed.json'), '--password-file', at('other')], { input: `${mnemonic}//stash\n` });

	assert.equal(account, keyring.createFromUri(`${mnemonic}//stash`).address);
	assert.equal((await opened('typed.json', OTHER)).address, account);
});

test('what others can read is refused, and no file is overwritten', async () => {
	const password = ['--password-file', at('password')];
	await key(['new', at('mine.json'), ...password]);
	const before = [await readFile(at('mine.json'), 'utf8'), await readdir(folder)];

	assert.match(await refused('new', at('mine.json'), ...password), /exists already/);
	assert.match(await refused('import', at('mine.json'), '--from', at('mine.json'), ...password), /exists already/);
	assert.match(await refused('export', at('mine.json'), '--to', at('mine.json'), ...password), /exists already/);
	for (const name of ['password', 'mine.json']) {
		await chmod(at(name), 0o644);
		assert.match(await refused('show', at('mine.json'), ...password), new RegExp(`${name} .*chmod 600`));
		await chmod(at(name), 0o600);
	}
	// Nobody sits there to be asked.
	assert.match(await refused('new', at('asked.json')), /--password-file/);

	assert.deepEqual([await readFile(at('mine.json'), 'utf8'), await readdir(folder)], before);
});
