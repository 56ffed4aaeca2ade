// @ts-check
// A tested node that tries one trick after another, with and without accomplices in its committees; and lines that are
// not what is claimed: claimed twice, behind a bucket, shared by two nodes.
import { line } from './lines.mjs';
import { kbits, measured, measurements, ringMedian, settle } from './nodes.mjs';
import { megabits, percent, say, table } from './words.mjs';
import { DIRECTIONS, round } from './honest.mjs';
import { until } from '../lib/processes.mjs';

/**
 * @import { Chain } from '../lib/chain.mjs'
 * @import { Lines, Terms } from './lines.mjs'
 * @import { Measurement, Plan } from './nodes.mjs'
 * @import { ChainWith } from './run.mjs'
 */

const MEMBERS = 17;
const NODES = 25;
const SECONDS = 5;
const LINE = 20;
// The higher the claim the more room for a trick: at once the line no members hold back.
const CLAIM = 60;

// Of nodes without tricks: three tests in each direction.
const TESTS = 6;

// As many as one node can have: half of all tests are the cheat's.
const SEATS_OF_CHEAT = 32;

// Plain nodes on lines that are not what they claim.
const PLAIN = 4;

const COLLUSIONS = [1, 2, 3, 4, 5, 6, 7, 8];

// Every trick is tried once in each direction, since directions take turns.
const TRICKS = [
	...['honest', 'one-after-another', 'delay:500', 'drop-slowest:3', 'drop-slowest:6', 'leave-out:3', 'leave-out:6'],
	...['commit-early', 'forge-time', 'forge-count', 'duplicate', 'replay'],
];

/** @param {number} colluding */
const inflationBound = (colluding) => 1 / (1 - (1.25 * colluding) / MEMBERS);

/**
 * What a trick may read at most, as a multiple of the line's rate.
 *
 * @param {string} trick
 */
const boundOf = (trick) => (trick.startsWith('collude:') ? inflationBound(Number(trick.split(':')[1])) : 1);

/**
 * Runs them on one chain and returns what the lab reports of them.
 *
 * @param {Lines} lines
 * @param {ChainWith} chainWith
 */
export async function attacks(lines, chainWith) {
	const script = [...COLLUSIONS.map((count) => `collude:${count}`), ...TRICKS].flatMap((trick) => [trick, trick]);
	const wide = line({ down: 100 });
	/** @type {Plan[]} */
	const plans = [];
	/** @type {(name: string, terms: Terms, more: Partial<Plan>) => Promise<unknown>} */
	const add = async (name, terms, more) => plans.push(/** @type {Plan} */ ({ name, terms, place: await lines.add(terms), tests: 0, ...more }));
	// Three quarters of the nodes are accomplices, so that every committee has eight of them.
	for (let index = 0; index < 18; index += 1) await add(`accomplice-${index}`, wide, { program: ['accomplice'] });
	for (let index = 0; index < NODES - 19; index += 1) await add(`honest-${index}`, wide, {});
	say(`starting a chain with committees of ${MEMBERS}, 18 accomplices, ${NODES - 19} honest members and a cheat on ${LINE} Mbit/s`);
	const seats = NODES - 1 + PLAIN + SEATS_OF_CHEAT;
	const network = await chainWith({ members: MEMBERS, nodes: NODES, seats, interval: 1, seconds: SECONDS, seatRate: 8_000 });
	const { chain } = network;
	const terms = line({ down: LINE });
	const cheat = /** @type {Plan} */ ({
		name: 'cheat',
		terms,
		place: await lines.add(terms),
		claim: { down: CLAIM, up: CLAIM },
		tests: script.length,
		seats: SEATS_OF_CHEAT,
	});
	cheat.program = () => [
		...['cheat', '--script', script.join(',')],
		...['--accomplices', plans.filter(({ program }) => program).map(({ key }) => key).join(',')],
	];
	const plain = await claims(lines);
	await settle(network, [...plans, ...plain, cheat]);

	const told = [];
	await until('the cheat to try everything', script.length * 90 + 300, () => {
		for (const text of cheat.agent.lines.filter((text) => text.startsWith('{')).slice(told.length)) {
			const attempt = JSON.parse(text);
			told.push(attempt);
			say(`${attempt.trick} ${attempt.direction}: ${attempt.told.refused ?? 'taken'}`);
		}
		return told.length >= script.length;
	}, 1000);
	for (const plan of plain) plan.tests = TESTS;
	await measured(chain, plain, 1_600, tell);
	const shown = await claimsShown(chain, plain);

	const taken = measurements(chain, cheat.node);
	const rows = told.map((attempt) => {
		const found = taken.find(({ test }) => Number(test.block) === attempt.block && Number(test.index) === attempt.index);
		const over = (found?.rate ?? 0) / kbits(LINE);
		return { ...attempt, refused: attempt.told.refused, found, over, bound: boundOf(attempt.trick) };
	});
	table(
		['trick', 'direction', 'the chain', 'reading (Mbit/s)', 'over the true rate', 'bound'],
		rows.map(({ trick, direction, refused, found, over, bound }) => [
			...[trick, direction, refused ? `refused: ${refused}` : 'taken'],
			...[found ? megabits(found.rate) : 'none', percent(over), percent(bound)],
		]),
	);
	const collusions = rows.filter(({ trick }) => trick.startsWith('collude:'));
	const worst = collusions.reduce((worst, row) => (row.over / row.bound > worst.over / worst.bound ? row : worst));
	const others = rows.filter(({ trick }) => !trick.startsWith('collude:'));
	await network.stop();
	return {
		inflation_measured: round(worst.over),
		inflation_bound: round(worst.bound),
		other_tricks_reading_over_true: round(Math.max(...others.map(({ over }) => over))),
		...shown,
	};
}

/** @type {(plan: Plan, measurement: Measurement) => void} */
const tell = ({ name }, { direction, rate }) => say(`${name} ${direction.toLowerCase()}: ${megabits(rate)} Mbit/s`);

/**
 * Nodes that play no trick on lines that are not what they claim.
 *
 * @param {Lines} lines
 */
async function claims(lines) {
	/** @type {(name: string, terms: Terms, claim: Plan['claim']) => Promise<Plan>} */
	const plan = async (name, terms, claim) => /** @type {Plan} */ ({ name, terms, claim, place: await lines.add(terms), tests: 0 });
	const shared = await lines.add(line({ down: LINE }));
	return [
		await plan('claims-twice', line({ down: LINE }), { down: 2 * LINE, up: 2 * LINE }),
		await plan('bucket', line({ down: 50, bucket: 1_000_000 }), { down: 100, up: 100 }),
		...['shares-a', 'shares-b'].map((name, index) => {
			const ports = { port: 4550 + index, httpPort: 9950 + index };
			return /** @type {Plan} */ ({ name, terms: shared.terms, place: shared, tests: 0, ...ports });
		}),
	];
}

/**
 * Prints what the chain reads on them.
 *
 * @param {Chain} chain
 * @param {Plan[]} plans
 */
async function claimsShown(chain, plans) {
	const rows = [];
	for (const plan of plans) {
		for (const direction of DIRECTIONS) {
			const reading = await ringMedian(chain, plan.node, direction);
			rows.push({ plan, direction, reading, over: reading / kbits(plan.terms[direction]) });
		}
	}
	table(
		['node', 'line (Mbit/s)', 'bucket (kB)', 'claim (Mbit/s)', 'direction', 'median of the ring (Mbit/s)', 'over the true rate'],
		rows.map(({ plan, direction, reading, over }) => [
			...[plan.name, plan.terms[direction], Math.round(plan.terms.bucket / 1000), plan.claim?.[direction] ?? plan.terms[direction]],
			...[direction, megabits(reading), percent(over)],
		]),
	);
	const highest = (name) => round(Math.max(...rows.filter(({ plan }) => plan.name === name).map(({ over }) => over)));
	const sum = (way) => rows.filter(({ plan, direction }) => plan.name.startsWith('shares-') && direction === way).reduce((sum, { over }) => sum + over, 0);
	return {
		overclaim_reading_over_true: highest('claims-twice'),
		burst_bucket_reading_over_true: highest('bucket'),
		shared_line_sum_over_true: round(Math.max(sum('down'), sum('up'))),
	};
}
