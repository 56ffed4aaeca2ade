// @ts-check
// Three hundred strangers take what they can of an agent, on all of its ports. It stays small, and everything goes on that
// it is paid for: proofs and their answers, uploads, paid fetches, measurements of its line and of others'.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { withCommittees } from '../lib/committees.mjs';
import { randomFile, sha256 } from '../lib/files.mjs';
import { Network, substation } from '../lib/network.mjs';
import { Daemon, lastJson, until } from '../lib/processes.mjs';
import { LAB } from '../lab/programs.mjs';

/**
 * @import { Chain } from '../lib/chain.mjs'
 * @import { Customer, Provider, Stored } from '../lib/network.mjs'
 */

const MIB = 1 << 20;
const MEMBERS = 3;
/** Seconds. */
const FLOOD = { least: 60, most: 110 };

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} */
let target;
/** @type {Customer} Of one file that the target has already. */
let payer;
/** @type {string} */
let file;
/** @type {Stored} */
let stored;

before(async () => {
	const terms = { members: MEMBERS, nodes: MEMBERS + 1, seats: MEMBERS + 1, interval: 8, seconds: 5, seatRate: 10_000, deadline: 40 };
	network = await Network.start({ genesis: withCommittees(terms) });
	({ chain } = network);
	const secrets = await Promise.all(['flooded', 'first', 'second', 'third'].map((name) => network.fund(name)));
	const config = { delivery: { price: '10', step: 1 << 18, redeem: '0.1' } };
	const providers = await Promise.all(
		secrets.map((suri, nth) => network.addProvider(suri.slice(2), suri, nth === 0 ? { config } : {})),
	);
	target = providers[0];
	const line = ['--down', '20Mbit', '--up', '20Mbit', '--prepay', '1'];
	await Promise.all(
		providers.map(({ data, ws, suri }) => substation(['bandwidth', 'join', ...line, '--data', data, '--rpc', ws, '--suri', suri])),
	);
	payer = network.customer('payer', await network.fund('payer'));
	file = await randomFile(path.join(network.folder, 'paid-for'), 8 * MIB + 3);
	stored = await payer.store(file, [target.node], 100);
	// Seats count, and the line works without strangers.
	await chain.event('bandwidthProofs', 'MeasurementTaken', 120, (e) => Number(e.rate) > 0);
});
after(() => network?.stop());

/** The most memory that the agent has had, in bytes. */
async function peak() {
	const status = await readFile(`/proc/${target.agent.child.pid}/status`, 'utf8');
	return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** The metrics of the agent by name, labels included. */
async function metrics() {
	const text = await (await network.http(target, '/metrics'))?.text();
	const lines = (text ?? '').split('\n').map((line) => /^substation_agent_(\S+) (\S+)$/.exec(line));
	return Object.fromEntries(lines.flatMap((found) => (found ? [[found[1], Number(found[2])]] : [])));
}

/** What the node beside the agent would ask: a challenge over all that the agent keeps. */
async function challenge() {
	const { forest } = await network.status(target);
	const number = (/** @type {string} */ type, /** @type {number} */ value) => chain.api.createType(type, value).toU8a();
	return Buffer.concat([
		...[Buffer.alloc(32, 1), Buffer.alloc(32, 2), number('u64', target.node), number('u32', 3), number('u8', 4)],
		...[Buffer.from(forest.root, 'hex'), number('Compact<u64>', forest.total), number('u8', forest.depth)],
	]);
}

/** @param {Buffer} body */
async function prove(body) {
	const headers = { 'content-type': 'application/octet-stream' };
	const url = `http://127.0.0.1:${target.httpPort}/v1/prove`;
	return fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) });
}

async function flood() {
	const { endpoint } = (await chain.call.substationApi.nodePage(target.node)).unwrap();
	const args = [
		...['flood', '--endpoint', endpoint.toHex(), '--address', `127.0.0.1:${target.p2pPort}`],
		...['--http', `127.0.0.1:${target.httpPort}`, '--root', stored.hash, '--length', String(8 * MIB + 3)],
		...['--deal', String(stored.deals[0].deal), '--seconds', String(FLOOD.most)],
	];
	// Every stranger has sockets of its own. On one machine they would take the processors as well.
	const strangers = new Daemon('strangers', 'sh', ['-c', 'ulimit -n "$(ulimit -Hn)" && exec nice -n 10 "$@"', 'sh', LAB, ...args], {
		log: path.join(network.folder, 'strangers.log'),
	});
	await strangers.line(/^ready$/, 60);
	return strangers;
}

/** Everything that somebody pays for, and who is measured. Resolves once each has happened after this was called. */
async function business() {
	const begun = chain.height;
	const { receipts_signed_total: signed } = await metrics();
	/** @type {(section: string, method: string, fits?: (data: any) => boolean) => Promise<unknown>} */
	const happens = (section, method, fits = () => true) =>
		chain.event(section, method, FLOOD.most - 5, (e, { block }) => block > begun && Number(e.node) === target.node && fits(e));
	const upload = async () => {
		const customer = network.customer('uploader', await network.fund('uploader'));
		const other = await randomFile(path.join(network.folder, 'uploaded'), 16 * MIB + 1);
		await customer.store(other, [target.node], 100, { timeout: FLOOD.most - 5 });
	};
	const paidFetch = async () => {
		const output = path.join(network.folder, 'fetched');
		const args = ['--output', output, '--json', '--max-price', '10', '--deposit', '1', '--suri', payer.suri];
		await payer.read('fetch', [stored.hash, ...args], { timeout: FLOOD.most - 5 });
		assert.equal(await sha256(output), await sha256(file));
	};
	await Promise.all([
		upload(),
		paidFetch(),
		happens('storageProofs', 'WindowProven'),
		happens('bandwidthProofs', 'MeasurementTaken', (e) => Number(e.rate) > 0),
		until('the agent to measure somebody', FLOOD.most - 5, async () => (await metrics()).receipts_signed_total > signed),
	]);
}

test('three hundred strangers on all ports cost little, and business goes on', async () => {
	let body = await challenge();
	assert.equal((await prove(body)).status, 200);
	const before = await metrics();
	const strangers = await flood();
	const begun = Date.now();
	let isDone = false;
	const done = business().finally(() => (isDone = true));
	// Awaited below, whatever comes of it.
	done.catch(() => {});

	await until('what is paid for to happen', FLOOD.most + 10, async () => {
		const { status } = await prove(body);
		// An upload has changed the forest, long ago.
		if (status === 409) body = await challenge();
		else assert.equal(status, 200);
		return isDone && Date.now() - begun >= FLOOD.least * 1000;
	}, 100);
	await done;

	assert.equal(strangers.outcome, undefined, 'all of it has happened while they were there');
	const flooded = await metrics();
	const resident = await peak();
	await strangers.stop();
	const tally = lastJson(strangers.lines.join('\n'));
	const gained = (/** @type {string} */ name) => (flooded[name] ?? 0) - (before[name] ?? 0);
	const answers = gained('answer_seconds_count');
	const bounds = Object.keys(flooded).flatMap((name) => /^answer_seconds_bucket\{le="([\d.]+)"\}$/.exec(name)?.[1] ?? []);
	// At least half of the answers took no longer than this.
	const median = bounds.map(Number).sort((a, b) => a - b).find((bound) => gained(`answer_seconds_bucket{le="${bound}"}`) * 2 >= answers);
	const figures = JSON.stringify({ resident, answers, medianAtMost: median, ...tally });
	console.log(figures);
	assert.ok(resident <= 256 * MIB, figures);
	assert.ok(answers > 50, figures);
	// It was a flood, and it is told.
	assert.ok(tally.dialled > 1_000 && tally.rejected > 100, figures);
	for (const what of ['connection_displaced', 'session', 'http_host', 'http_origin', 'http_content_type', 'http_openings']) {
		assert.ok(gained(`refused_total{what="${what}"}`) > 0, `${what}: ${JSON.stringify(flooded)}`);
	}
	assert.equal(chain.misses(target.node).length, 0);
});
