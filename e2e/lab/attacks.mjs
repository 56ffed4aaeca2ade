// A tested node that tries one trick after another, with and without accomplices in its committees.
import { line } from './lines.mjs';
import { kbits, measurements, settle } from './nodes.mjs';
import { megabits, percent, say, table } from './words.mjs';
import { round } from './honest.mjs';
import { until } from '../lib/processes.mjs';

const MEMBERS = 17;
const NODES = 25;
const SECONDS = 5;
const LINE = 20;
// The higher the claim the more room for a trick: at once the line no members hold back.
const CLAIM = 60;

const COLLUSIONS = [1, 2, 3, 4, 5, 6, 7, 8];

// Every trick is tried once in each direction, since directions take turns.
const TRICKS = [
	...['honest', 'one-after-another', 'delay:500', 'drop-slowest:3', 'drop-slowest:6', 'leave-out:3', 'leave-out:6'],
	...['commit-early', 'forge-time', 'forge-count', 'duplicate', 'replay'],
];

const inflationBound = (colluding) => 1 / (1 - (1.25 * colluding) / MEMBERS);

/** What a trick may read at most, as a multiple of the line's rate. */
const boundOf = (trick) => (trick.startsWith('collude:') ? inflationBound(Number(trick.split(':')[1])) : 1);

/** Runs them on one chain and returns what the lab reports of them. */
export async function attacks(lines, chainWith) {
	const script = [...COLLUSIONS.map((count) => `collude:${count}`), ...TRICKS].flatMap((trick) => [trick, trick]);
	const wide = line({ down: 100 });
	const plans = [];
	const add = async (name, terms, more) => plans.push({ name, terms, place: await lines.add(terms), tests: 0, ...more });
	// Three quarters of the nodes are accomplices, so that every committee has eight of them.
	for (let index = 0; index < 18; index += 1) await add(`accomplice-${index}`, wide, { program: ['accomplice'] });
	for (let index = 0; index < NODES - 19; index += 1) await add(`honest-${index}`, wide, {});
	say(`starting a chain with committees of ${MEMBERS}, 18 accomplices, ${NODES - 19} honest members and a cheat on ${LINE} Mbit/s`);
	const network = await chainWith({ members: MEMBERS, nodes: NODES, interval: 1, seconds: SECONDS, seatRate: 8_000 });
	const { chain } = network;
	const terms = line({ down: LINE });
	const cheat = {
		name: 'cheat',
		terms,
		place: await lines.add(terms),
		claim: { down: CLAIM, up: CLAIM },
		// Refused measurements cost no fee, but tests that nothing comes of are drawn again.
		tests: script.length * 2,
	};
	cheat.program = () => [
		...['cheat', '--script', script.join(',')],
		...['--accomplices', plans.filter(({ program }) => program).map(({ key }) => key).join(',')],
	];
	await settle(network, [...plans, cheat]);

	const told = [];
	await until('the cheat to try everything', script.length * 90 + 300, () => {
		for (const text of cheat.agent.lines.filter((text) => text.startsWith('{')).slice(told.length)) {
			const attempt = JSON.parse(text);
			told.push(attempt);
			say(`${attempt.trick} ${attempt.direction}: ${attempt.told.refused ?? 'taken'}`);
		}
		return told.length >= script.length;
	}, 1000);
	await chain.synced(network.validator.ws);

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
	};
}
