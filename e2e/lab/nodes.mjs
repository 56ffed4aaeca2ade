// @ts-check
// Nodes with seats, each with an agent behind a line.
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { STN } from '../lib/chain.mjs';
import { substation } from '../lib/network.mjs';
import { Daemon, lastJson, until } from '../lib/processes.mjs';
import { CHAIN_HOST, behind } from './lines.mjs';
import { AGENT, LAB } from './programs.mjs';

/**
 * @import { Chain, ChainEvent, Codec, EventRecord } from '../lib/chain.mjs'
 * @import { Network } from '../lib/network.mjs'
 * @import { Lines, Place, Terms } from './lines.mjs'
 */

/**
 * A node of the lab. `place` is what `Lines.add` returned; `claim` in Mbit/s is what is claimed, if not all of the line;
 * `tests` is how many tests of the node are waited for. Every node prepays more than it needs: who does not is no member;
 * `program` replaces the agent by an adversary, as arguments of `substation-lab`; `clockAhead` sets the agent's clock wrong
 * by so many seconds, and `clock` becomes what its log says of that.
 *
 * @typedef {object} Plan
 * @property {string} name
 * @property {Place} place
 * @property {Terms} terms
 * @property {{ down?: number, up?: number }} [claim]
 * @property {number} [seats]
 * @property {number} tests
 * @property {string[] | (() => string[])} [program]
 * @property {number} [port]
 * @property {number} [httpPort]
 * @property {number} [clockAhead]
 *
 * From here on what `settle` adds: folder and log, the agent's key and address, the node's number on the chain.
 * @property {string} data
 * @property {string} log
 * @property {string} key
 * @property {string} proof The agent's word that it serves its operator.
 * @property {string} address
 * @property {number} node
 * @property {Daemon} agent
 * @property {number} clock
 */

/**
 * A measurement that the chain has taken: kbit/s, thousandths that were delivered, and whether no other test was drawn within
 * `APART` blocks of it.
 * @typedef {{ block: number, test: Codec, alone: boolean, direction: string, rate: number, receipts: number, delivered: number }} Measurement
 */

// Two tests whose draws are so many blocks apart do not share lines: one takes 5 s and some round trips, a block 2 s.
const APART = 4;

/** Tests that every node prepays. */
const PREPAID_TESTS = 500;

/**
 * kbit/s of a rate in Mbit/s.
 *
 * @param {number} megabits
 */
export const kbits = (megabits) => Math.round(megabits * 1000);

/**
 * What of a line's rate is claimed: all of it, unless the plan says otherwise.
 *
 * @param {Plan} plan
 */
const claimOf = ({ terms, claim = {} }) => ({ down: kbits(claim.down ?? terms.down), up: kbits(claim.up ?? terms.up) });

/**
 * Registers a node for every plan, takes its seats, and starts its agent behind its line.
 *
 * @param {Network} network
 * @param {Plan[]} plans
 */
export async function settle(network, plans) {
	const { chain } = network;
	const { api } = chain;
	const bandwidth = await chain.query.settings.bandwidth();
	const perTest = await costOfTest(chain);

	await inParallel(plans, 4, async (plan) => {
		plan.data = path.join(network.folder, plan.name);
		plan.log = path.join(network.folder, `${plan.name}.log`);
		await mkdir(plan.data, { recursive: true });
		const address = `${plan.place.address}:${plan.port ?? 4550}`;
		const { stdout } = await substation([
			...['init', '--data', plan.data, '--rpc', network.validator.ws, '--json'],
			...['--listen', address, '--advertise', address, '--http', `127.0.0.1:${plan.httpPort ?? 9950}`],
			...['--operator', chain.account(`//${plan.name}`).address],
		]);
		const { agent, proof } = lastJson(stdout);
		plan.key = `0x${agent}`;
		plan.proof = `0x${proof}`;
		plan.address = address;
	});
	await Promise.all(plans.map((plan) => network.fund(plan.name)));
	await Promise.all(
		plans.map(async (plan) => {
			const spec = { agent: plan.key, endpoint: plan.key, addresses: [plan.address], region: 'CH' };
			const offer = { capacity: claimOf(plan).up, price: STN };
			const seats = plan.seats ?? 1;
			const bond = bandwidth.seatBond.toBigInt() * BigInt(seats);
			const call = api.tx.registry.register(spec, 'Bandwidth', offer, bond, plan.proof);
			const events = await chain.submit(call, `//${plan.name}`);
			const registered = /** @type {EventRecord} */ (events.find(({ event }) => event.method === 'NodeRegistered'));
			plan.node = registered.event.data.node.toNumber();
			const prepaid = perTest * BigInt(PREPAID_TESTS);
			await chain.submit(api.tx.bandwidthProofs.takeSeats(plan.node, claimOf(plan), seats, prepaid), `//${plan.name}`);
		}),
	);
	await Promise.all(plans.map((plan) => start(network, plan)));
	return plans;
}

/**
 * What the members of one test of a node are paid, in units.
 *
 * @param {Chain} chain
 * @returns {Promise<bigint>}
 */
async function costOfTest(chain) {
	const { memberFee } = await chain.query.settings.bandwidth();
	const { committees } = await chain.query.pace.pace();
	return BigInt(committees.members.toNumber()) * memberFee.toBigInt();
}

/**
 * Starts the agent, or the adversary, of a plan.
 *
 * @param {Network} network
 * @param {Plan} plan
 */
export async function start(network, plan) {
	const port = new URL(network.validator.ws).port;
	const common = ['--data', plan.data, '--rpc', `ws://${CHAIN_HOST}:${port}`];
	const [command, args] = plan.program
		? behind(plan.place, LAB, [...(typeof plan.program === 'function' ? plan.program() : plan.program), ...common])
		: behind(plan.place, AGENT, ['run', ...common]);
	plan.agent = new Daemon(plan.name, command, args, { log: plan.log, env: environmentOf(network, plan) });
	const [time] = (await plan.agent.line(/started/, 60)).split(' ');
	plan.clock = Math.round((Date.parse(time) - Date.now()) / 1000);
}

/**
 * What makes an agent's clock wrong, if its plan says so.
 *
 * @param {Network} network
 * @param {Plan} plan
 * @returns {Record<string, string>}
 */
function environmentOf({ folder }, { name, clockAhead }) {
	if (!clockAhead) return {};
	const library = path.join(folder, `${name}-clock.so`);
	execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, fileURLToPath(new URL('clock.c', import.meta.url)), '-ldl']);
	return { LD_PRELOAD: library, CLOCK_AHEAD_SECONDS: String(clockAhead) };
}

/**
 * Tests of a node that were drawn, in order.
 *
 * @type {(network: Network, plan: Plan) => ChainEvent[]}
 */
export const drawn = ({ chain }, plan) => chain.seen('bandwidthProofs', 'TestDrawn', (e) => Number(e.node) === plan.node);

/**
 * Waits for the test of the node after so many others, and until a megabyte of it has passed its line. Returns its draw.
 *
 * @param {Network} network
 * @param {Lines} lines
 * @param {Plan} plan
 * @param {number} others
 */
export async function underWay(network, lines, plan, others) {
	await until(`a test of ${plan.name} to be drawn`, 180, () => drawn(network, plan).length > others, 50);
	const carried = () => lines.carried(plan.place).reduce((sum, bytes) => sum + bytes, 0);
	const start = carried();
	await until(`a test of ${plan.name} to be under way`, 30, () => carried() > start + 1_000_000, 50);
	return drawn(network, plan)[others];
}

/**
 * What `substation status` says of the node's line.
 *
 * @param {Network} network
 * @param {Plan} plan
 * @returns {any}
 */
export function lineStatus({ validator }, plan) {
	const port = new URL(validator.ws).port;
	const args = ['status', '--data', plan.data, '--rpc', `ws://${CHAIN_HOST}:${port}`, '--json'];
	const [command, all] = behind(plan.place, AGENT, args);
	return JSON.parse(execFileSync(command, all, { encoding: 'utf8' })).chain.line;
}

/**
 * @template T
 * @param {T[]} items
 * @param {number} width
 * @param {(item: T) => Promise<void>} work
 */
async function inParallel(items, width, work) {
	const queue = [...items];
	await Promise.all(
		Array.from({ length: width }, async () => {
			for (let item = queue.shift(); item; item = queue.shift()) await work(item);
		}),
	);
}

/**
 * Measurements of a node that the chain has taken so far, in order.
 *
 * @type {(chain: Chain, node: number) => Measurement[]}
 */
export function measurements(chain, node) {
	const draws = chain.seen('bandwidthProofs', 'TestDrawn').map(({ data }) => data.test.block.toNumber());
	const isAlone = (own) => draws.filter((block) => Math.abs(block - own) < APART).length === 1;
	return chain.seen('bandwidthProofs', 'MeasurementTaken', (e) => Number(e.node) === node).map(({ data, block }) => ({
		block,
		test: data.test,
		alone: isAlone(data.test.block.toNumber()),
		direction: data.direction.toString(),
		rate: Number(data.rate),
		receipts: Number(data.receipts),
		delivered: Number(data.delivered),
	}));
}

/**
 * The median of a node's ring on chain, in kbit/s, of one direction.
 *
 * @param {Chain} chain
 * @param {number} node
 * @param {'down' | 'up'} direction
 * @returns {Promise<number>}
 */
export async function ringMedian(chain, node, direction) {
	const page = (await chain.call.substationApi.linePage(node)).unwrap();
	const rates = page[direction].map(([reading]) => reading.rate.toNumber()).sort((a, b) => a - b);
	return rates[Math.floor(rates.length / 2)];
}

/**
 * Waits until the chain has taken so many measurements that count of each node as its plan says, and tells of each.
 *
 * @param {Chain} chain
 * @param {Plan[]} plans
 * @param {number} seconds
 * @param {(plan: Plan, measurement: Measurement) => void} tell
 * @param {(measurement: Measurement, plan: Plan) => boolean} [counts]
 */
export async function measured(chain, plans, seconds, tell, counts = () => true) {
	const told = new Set();
	await until(`${plans.map((plan) => plan.name).join(', ')} to be measured`, seconds, () => {
		for (const plan of plans) {
			for (const measurement of measurements(chain, plan.node)) {
				const key = `${measurement.test}`;
				if (!told.has(key)) {
					told.add(key);
					tell(plan, measurement);
				}
			}
		}
		return plans.every((plan) => measurements(chain, plan.node).filter((measurement) => counts(measurement, plan)).length >= plan.tests);
	}, 1000);
}
