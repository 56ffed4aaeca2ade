// Lines as they are: rates, delays and losses, a bucket, a claim that is too high, two nodes on one line.
import { line } from './lines.mjs';
import { kbits, measured, ringMedian, settle } from './nodes.mjs';
import { megabits, percent, say, table } from './words.mjs';

const MEMBERS = 17;
const SECONDS = 10;

// A line needs 12.5 s for a claim that is too high by a quarter, 20 s for one twice too high; tests do not overlap
// more than that.
const INTERVAL_BLOCKS = 8;

// Three tests in each direction: the least for a ring of five that starts with zeros to have another median.
const TESTS = 6;

const RATES = [10, 20, 50, 100];
const CONDITIONS = [
	{ roundTrip: 0, loss: 0 },
	{ roundTrip: 50, loss: 0 },
	{ roundTrip: 100, loss: 0 },
	{ roundTrip: 0, loss: 1 },
	{ roundTrip: 100, loss: 1 },
];

/** Runs them on one chain and returns what the lab reports of them. */
export async function honest(lines, chainWith) {
	const plans = [];
	for (const rate of RATES) {
		for (const condition of CONDITIONS) {
			const terms = line({ down: rate, ...condition });
			const name = `line-${rate}-${condition.roundTrip}ms-${condition.loss}pc`;
			plans.push({ name, kind: 'honest', terms, place: await lines.add(terms), tests: TESTS });
		}
	}
	const claimed = async (name, kind, terms, claim) =>
		plans.push({ name, kind, terms, claim, place: await lines.add(terms), tests: TESTS });
	await claimed('claims-twice', 'overclaim', line({ down: 20 }), { down: 40, up: 40 });
	await claimed('bucket', 'bucket', line({ down: 50, bucket: 1_000_000 }), { down: 100, up: 100 });
	const shared = await lines.add(line({ down: 20 }));
	for (const [index, name] of ['shares-a', 'shares-b'].entries()) {
		const ports = { port: 4550 + index, httpPort: 9950 + index };
		plans.push({ name, kind: 'shared', terms: shared.terms, place: shared, tests: TESTS, ...ports });
	}

	say(`starting a chain with committees of ${MEMBERS} and ${plans.length} agents behind their lines`);
	const network = await chainWith({
		members: MEMBERS,
		nodes: plans.length,
		interval: INTERVAL_BLOCKS,
		seconds: SECONDS,
		seatRate: 8_000,
	});
	const { chain } = network;
	await settle(network, plans);
	say('all hold seats; tests begin once the seats count');
	let count = 0;
	const all = plans.length * TESTS;
	await measured(chain, plans, all * INTERVAL_BLOCKS * 2 * 2 + 300, (plan, { direction, rate, receipts, delivered }) => {
		count += 1;
		const of = `${receipts}/${MEMBERS} receipts, ${delivered / 10} % delivered`;
		say(`${count}/${all} ${plan.name} ${direction.toLowerCase()}: ${megabits(rate)} Mbit/s (${of})`);
	});

	const rows = [];
	for (const plan of plans) {
		for (const direction of ['down', 'up']) {
			const reading = await ringMedian(chain, plan.node, direction);
			rows.push({ plan, direction, reading, over: reading / kbits(plan.terms[direction]) });
		}
	}
	table(
		['line (Mbit/s)', 'round trip (ms)', 'loss (%)', 'bucket (kB)', 'claim (Mbit/s)', 'direction', 'median of the ring (Mbit/s)', 'error'],
		rows.map(({ plan, direction, reading, over }) => [
			...[plan.terms[direction], plan.terms.roundTrip, plan.terms.loss, Math.round(plan.terms.bucket / 1000)],
			...[plan.claim?.[direction] ?? plan.terms[direction], plan.kind === 'shared' ? `${direction}, shared` : direction],
			...[megabits(reading), percent(over - 1)],
		]),
	);
	const of = (kind) => rows.filter(({ plan }) => plan.kind === kind);
	const worst = (chosen) => Math.max(...chosen.map(({ over }) => Math.abs(over - 1) * 100));
	const highest = (chosen) => Math.max(...chosen.map(({ over }) => over));
	const sums = ['down', 'up'].map((direction) => of('shared').filter((row) => row.direction === direction).reduce((sum, { over }) => sum + over, 0));
	const cost = await costOfMeasurements(chain);
	await network.stop();
	return {
		honest_error_pct_max: round(worst(of('honest').filter(({ plan }) => plan.terms.loss === 0))),
		honest_error_with_loss_pct_max: round(worst(of('honest').filter(({ plan }) => plan.terms.loss > 0))),
		overclaim_reading_over_true: round(highest(of('overclaim'))),
		burst_bucket_reading_over_true: round(highest(of('bucket'))),
		shared_line_sum_over_true: round(Math.max(...sums)),
		...cost,
	};
}

/** Octets and weight of the latest measurement's extrinsic. */
export async function costOfMeasurements(chain) {
	const [latest] = chain.seen('bandwidthProofs', 'MeasurementTaken').slice(-1);
	const hash = await chain.api.rpc.chain.getBlockHash(latest.block);
	const { block } = await chain.api.rpc.chain.getBlock(hash);
	const events = await chain.api.query.system.events.at(hash);
	const index = events.find(({ event }) => event.method === 'MeasurementTaken').phase.asApplyExtrinsic.toNumber();
	const success = events.find(
		({ event, phase }) => event.method === 'ExtrinsicSuccess' && phase.isApplyExtrinsic && phase.asApplyExtrinsic.eqn(index),
	);
	return {
		bytes_per_test: block.extrinsics[index].toU8a().length,
		weight_us_per_test: round(success.event.data.dispatchInfo.weight.refTime.toNumber() / 1e6),
	};
}

export const round = (value) => Math.round(value * 1000) / 1000;
