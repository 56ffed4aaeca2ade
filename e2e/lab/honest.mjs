// @ts-check
// Lines as they are, claimed as they are: rates, delays and losses.
import { line } from './lines.mjs';
import { kbits, measured, ringMedian, settle } from './nodes.mjs';
import { megabits, percent, say, table } from './words.mjs';

/**
 * @import { Chain, EventRecord } from '../lib/chain.mjs'
 * @import { Lines } from './lines.mjs'
 * @import { Plan } from './nodes.mjs'
 * @import { ChainWith } from './run.mjs'
 */

/** @type {('down' | 'up')[]} */
export const DIRECTIONS = ['down', 'up'];

const MEMBERS = 17;
const SECONDS = 15;

// 20 s on average: a test is mostly over before the next one is drawn.
const INTERVAL_BLOCKS = 10;

// Five tests in each direction fill the ring: its median bears two bad ones.
const TESTS = 10;

// Most members stand on lines without delay and loss, so that what is read is mostly the tested line's doing. They are
// tested as well, since only who can be tested is a member; what they read is not looked at.
const MORE_MEMBERS = 24;

const RATES = [10, 20, 50, 100];
const CONDITIONS = [
	{ roundTrip: 0, loss: 0 },
	{ roundTrip: 100, loss: 0 },
	{ roundTrip: 0, loss: 1 },
	{ roundTrip: 100, loss: 1 },
];

/**
 * Runs them on one chain and returns what the lab reports of them.
 *
 * @param {Lines} lines
 * @param {ChainWith} chainWith
 */
export async function honest(lines, chainWith) {
	/** @type {Plan[]} */
	const plans = [];
	for (const rate of RATES) {
		for (const condition of CONDITIONS) {
			const terms = line({ down: rate, ...condition });
			const name = `line-${rate}-${condition.roundTrip}ms-${condition.loss}pc`;
			plans.push(/** @type {Plan} */ ({ name, terms, place: await lines.add(terms), tests: TESTS }));
		}
	}
	for (let index = 0; index < MORE_MEMBERS; index += 1) {
		const terms = line({ down: 100 });
		const member = { name: `member-${index}`, terms, place: await lines.add(terms), tests: 0 };
		plans.push(/** @type {Plan} */ (member));
	}

	say(`starting a chain with committees of ${MEMBERS} and ${plans.length} agents behind their lines`);
	const network = await chainWith({
		members: MEMBERS,
		nodes: plans.length,
		seats: plans.length,
		interval: INTERVAL_BLOCKS,
		seconds: SECONDS,
		seatRate: 8_000,
	});
	const { chain } = network;
	await settle(network, plans);
	say('all hold seats; tests begin once the seats count');
	let count = 0;
	const tested = plans.filter(({ tests }) => tests > 0);
	const all = tested.length * TESTS;
	// A block takes 2 s, and the last ones to be drawn take thrice as long as the others.
	await measured(chain, tested, plans.length * TESTS * INTERVAL_BLOCKS * 2 * 3 + 300, (plan, { direction, rate, receipts, delivered }) => {
		count += 1;
		const of = `${receipts}/${MEMBERS} receipts, ${delivered / 10} % delivered`;
		say(`${count}/${all} ${plan.name} ${direction.toLowerCase()}: ${megabits(rate)} Mbit/s (${of})`);
	});

	const rows = [];
	for (const plan of tested) {
		for (const direction of DIRECTIONS) {
			const reading = await ringMedian(chain, plan.node, direction);
			rows.push({ plan, direction, reading, over: reading / kbits(plan.terms[direction]) });
		}
	}
	table(
		['line (Mbit/s)', 'round trip (ms)', 'loss (%)', 'direction', 'median of the ring (Mbit/s)', 'error'],
		rows.map(({ plan, direction, reading, over }) => [
			...[plan.terms[direction], plan.terms.roundTrip, plan.terms.loss, direction, megabits(reading), percent(over - 1)],
		]),
	);
	const worst = (chosen) => round(Math.max(...chosen.map(({ over }) => Math.abs(over - 1) * 100)));
	const cost = await costOfMeasurements(chain);
	await network.stop();
	return {
		honest_error_pct_max: worst(rows.filter(({ plan }) => plan.terms.loss === 0)),
		honest_error_with_loss_pct_max: worst(rows.filter(({ plan }) => plan.terms.loss > 0)),
		...cost,
	};
}

/**
 * Octets of the latest measurement's extrinsic, and its weight: authorisation and dispatch, and with what every transaction
 * carries besides.
 *
 * @param {Chain} chain
 */
export async function costOfMeasurements(chain) {
	const { api } = chain;
	const [latest] = chain.seen('bandwidthProofs', 'MeasurementTaken').slice(-1);
	const hash = await api.rpc.chain.getBlockHash(latest.block);
	const { block } = await api.rpc.chain.getBlock(hash);
	const events = await chain.query.system.events.at(hash);
	const index = events.find(({ event }) => event.method === 'MeasurementTaken').phase.asApplyExtrinsic.toNumber();
	const own = events.filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eqn(index));
	const all = weighed(own);
	const remark = api.tx.system.remark('0x');
	const alone = (await chain.call.transactionPaymentCallApi.queryCallInfo(remark.method, 0)).weight.refTime.toNumber();
	const common = weighed(await chain.submit(remark, '//Alice')) - alone;
	return {
		bytes_per_test: block.extrinsics[index].toU8a().length,
		weight_us_per_test: round((all - common) / 1e6),
		weight_with_extensions_us_per_test: round(all / 1e6),
	};
}

/**
 * Picoseconds that a transaction with these events has cost.
 *
 * @type {(events: EventRecord[]) => number}
 */
const weighed = (events) =>
	/** @type {EventRecord} */ (events.find(({ event }) => event.method === 'ExtrinsicSuccess')).event.data.dispatchInfo.weight.refTime.toNumber();

/** @param {number} value */
export const round = (value) => Math.round(value * 1000) / 1000;
