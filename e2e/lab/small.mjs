// @ts-check
// The lab that fits into every test run: three namespaces, committees of three, seconds of traffic; then agents are killed
// in mid-test.
import { until } from '../lib/processes.mjs';
import { line } from './lines.mjs';
import { costOfMeasurements, round } from './honest.mjs';
import { drawn, kbits, lineStatus, measured, measurements, settle, underWay } from './nodes.mjs';
import { megabits, percent, say, table } from './words.mjs';

/**
 * @import { Network } from '../lib/network.mjs'
 * @import { Lines, Terms } from './lines.mjs'
 * @import { Plan } from './nodes.mjs'
 * @import { ChainWith } from './run.mjs'
 */

const SECONDS = 5;
const TESTS = 1;
// All four nodes are in every test. Only a test during which there is no other one says what a line carries: the line of
// which that is asked has most seats, so that it is tested most. Of the others any test will do.
const SEATS = { slow: 6, others: 2, hub: 1 };
const CLOCK_AHEAD = 3_600;
const DEADLINE_BLOCKS = 20;

/**
 * Runs it and returns what it measured.
 *
 * @param {Lines} lines
 * @param {ChainWith} chainWith
 */
export async function small(lines, chainWith) {
	/** @type {(name: string, terms: Terms, more?: Partial<Plan>) => Promise<Plan>} */
	const plan = async (name, terms, more) => /** @type {Plan} */ ({ name, terms, place: await lines.add(terms), tests: TESTS, seats: SEATS.others, ...more });
	const slow = await plan('slow', line({ down: 10 }), { seats: SEATS.slow });
	const delayed = await plan('delayed', line({ down: 20, roundTrip: 40 }), { clockAhead: CLOCK_AHEAD });
	const greedy = await plan('claims-twice', line({ down: 10 }), { claim: { down: 20, up: 20 } });
	// At the hub itself, without a limit: what it reads is not looked at.
	const hub = /** @type {Plan} */ ({ name: 'hub', terms: line({ down: 20 }), place: lines.hub, tests: 0, seats: SEATS.hub, clockAhead: -CLOCK_AHEAD });
	const tested = [slow, delayed, greedy];
	say('starting a chain with committees of three and four agents, three of them behind lines, two with wrong clocks');
	const seats = SEATS.slow + 2 * SEATS.others + SEATS.hub;
	const terms = { members: 3, nodes: 4, seats, interval: 6, seconds: SECONDS, seatRate: 10_000, deadline: DEADLINE_BLOCKS };
	const network = await chainWith(terms);
	await settle(network, [...tested, hub]);
	const tell = (plan, { direction, rate }) => say(`${plan.name} ${direction.toLowerCase()}: ${megabits(rate)} Mbit/s`);
	await measured(network.chain, tested, 900, tell, ({ alone }, plan) => alone || plan !== slow);

	const rows = tested.flatMap((plan) =>
		measurements(network.chain, plan.node).map(({ direction, rate, receipts, alone }) => {
			const way = direction.toLowerCase();
			return { plan, way, rate, receipts, alone, over: rate / kbits(plan.terms[way]) };
		}),
	);
	table(
		['line (Mbit/s)', 'round trip (ms)', 'claim (Mbit/s)', 'clock ahead (s)', 'direction', 'reading (Mbit/s)', 'error', 'receipts', 'alone'],
		rows.map(({ plan, way, rate, receipts, alone, over }) => [
			...[plan.terms[way], plan.terms.roundTrip, plan.claim?.[way] ?? plan.terms[way], plan.clockAhead ?? 0, way],
			...[megabits(rate), percent(over - 1), receipts, alone ? 'yes' : 'no'],
		]),
	);
	const honest = rows.filter(({ plan, alone }) => !plan.claim && alone);
	const cost = await costOfMeasurements(network.chain);
	const { bandwidthBond, testFees } = await network.audit();
	const least = network.chain.api.consts.balances.existentialDeposit.toBigInt();
	if (bandwidthBond.owed === 0n || testFees.owed <= least) throw new Error('the audit saw no seats or no fees');
	// The newest test may be under way still: the round trip is that of a test that the chain has taken.
	const taken = measurements(network.chain, delayed.node).at(-1)?.test;
	const { roundTripMs: roundTrip } = lineStatus(network, delayed).ownTests.find(({ test }) => test.block === taken?.block.toNumber());
	const killed = await killedInMidTest(lines, network, slow, hub);
	await network.stop();
	return {
		honest_error_pct_max: round(Math.max(...honest.map(({ over }) => Math.abs(over - 1) * 100))),
		overclaim_reading_over_true: round(Math.max(...rows.filter(({ plan }) => plan.claim).map(({ over }) => over))),
		clocks_ahead_seconds: [delayed, hub].map(({ clock }) => clock),
		round_trip_ms: roundTrip,
		...killed,
		...cost,
	};
}

/**
 * A member is killed while it measures, then the tested node while it is measured.
 *
 * @param {Lines} lines
 * @param {Network} network
 * @param {Plan} tested
 * @param {Plan} member
 */
async function killedInMidTest(lines, network, tested, member) {
	const { chain } = network;
	const others = drawn(network, tested).length;
	say(`two more tests of ${tested.name}: its member at the hub is killed in the first, itself in the second`);
	const first = await underWay(network, lines, tested, others);
	await member.agent.stop('SIGKILL');
	const reading = await until('the test to be measured without the member', 120, () =>
		measurements(chain, tested.node).find(({ test }) => `${test}` === `${first.data.test}`),
	);
	const over = reading.rate / kbits(tested.terms[reading.direction.toLowerCase()]);
	const { reason } = await until('status to know the reading', 30, () =>
		lineStatus(network, tested).readings.find(({ drawn }) => drawn === first.data.test.block.toNumber()),
	);
	say(`without the member: ${megabits(reading.rate)} Mbit/s; ${reason}`);

	const second = await underWay(network, lines, tested, others + 1);
	await tested.agent.stop('SIGKILL');
	await until('the deadline to pass', 120, () => chain.height > second.block + DEADLINE_BLOCKS + 1);
	const page = (await chain.call.substationApi.linePage(tested.node)).unwrap();
	const [[newest, why]] = page[second.data.direction.toString().toLowerCase()];
	say(`killed while it was tested: ${megabits(newest.rate.toNumber())} Mbit/s (${why})`);
	return {
		receipts_without_killed_member: reading.receipts,
		reading_over_true_without_killed_member: round(over),
		reason_without_killed_member: reason,
		killed_member: member.node,
		reading_of_killed_node_kbits: newest.rate.toNumber(),
		reason_of_killed_node: why.toString(),
	};
}
