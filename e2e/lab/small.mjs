// The lab that fits into every test run: three namespaces, committees of three, seconds of traffic.
import { line } from './lines.mjs';
import { costOfMeasurements, round } from './honest.mjs';
import { kbits, measured, measurements, settle } from './nodes.mjs';
import { megabits, percent, say, table } from './words.mjs';

const SECONDS = 5;
const TESTS = 2;

/** Runs it and returns what it measured. */
export async function small(lines, chainWith) {
	const plan = async (name, terms, more) => ({ name, terms, place: await lines.add(terms), tests: TESTS, ...more });
	const plans = [
		await plan('slow', line({ down: 10 })),
		await plan('delayed', line({ down: 20, roundTrip: 40 })),
		await plan('claims-twice', line({ down: 10 }), { claim: { down: 20, up: 20 } }),
		// At the hub itself, without a limit: a member only.
		{ name: 'hub', terms: line({ down: 20 }), place: lines.hub, tests: 0 },
	];
	say('starting a chain with committees of three and four agents, three of them behind lines');
	const network = await chainWith({ members: 3, nodes: 4, interval: 6, seconds: SECONDS, seatRate: 10_000 });
	await settle(network, plans);
	const tested = plans.filter(({ tests }) => tests > 0);
	await measured(network.chain, tested, 400, (plan, { direction, rate }) => say(`${plan.name} ${direction.toLowerCase()}: ${megabits(rate)} Mbit/s`));

	const rows = tested.flatMap((plan) =>
		measurements(network.chain, plan.node).map(({ direction, rate, receipts }) => {
			const way = direction.toLowerCase();
			return { plan, way, rate, receipts, over: rate / kbits(plan.terms[way]) };
		}),
	);
	table(
		['line (Mbit/s)', 'round trip (ms)', 'claim (Mbit/s)', 'direction', 'reading (Mbit/s)', 'error', 'receipts'],
		rows.map(({ plan, way, rate, receipts, over }) => [
			...[plan.terms[way], plan.terms.roundTrip, plan.claim?.[way] ?? plan.terms[way], way],
			...[megabits(rate), percent(over - 1), receipts],
		]),
	);
	const honest = rows.filter(({ plan }) => !plan.claim);
	const cost = await costOfMeasurements(network.chain);
	await network.stop();
	return {
		honest_error_pct_max: round(Math.max(...honest.map(({ over }) => Math.abs(over - 1) * 100))),
		overclaim_reading_over_true: round(Math.max(...rows.filter(({ plan }) => plan.claim).map(({ over }) => over))),
		...cost,
	};
}
