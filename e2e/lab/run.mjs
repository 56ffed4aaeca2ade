// The lab: set rates against what the chain reads, and every attack against its bound. See scripts/bandwidth-lab.
import { Network } from '../lib/network.mjs';
import { stopAll } from '../lib/processes.mjs';
import { attacks } from './attacks.mjs';
import { honest } from './honest.mjs';
import { small } from './small.mjs';
import { Lines } from './lines.mjs';
import { say } from './words.mjs';

const flags = new Set(process.argv.slice(2));

/** One chain whose committees have `members` members. Seats count after 40 s, one test is drawn every `interval` blocks. */
async function chainWith({ members, nodes, interval, seconds, seatRate }) {
	return Network.start({
		genesis: {
			pace: { lengths: { epochBlocks: 10, committees: { members, minNodes: nodes, deadline: 30 } } },
			settings: {
				settings: {
					bandwidth: { testsPerDraw: 1, drawInterval: interval, testSeconds: seconds, seatRate, ratingAge: 100_000 },
				},
			},
		},
		nodeArgs: ['--unsafe-rpc-external', '--rpc-cors', 'all', '--rpc-max-connections', '500'],
	});
}

async function main() {
	const lines = await Lines.start();
	const parts = flags.has('--small') ? [small] : flags.has('--honest') ? [honest] : flags.has('--attacks') ? [attacks] : [honest, attacks];
	const result = {};
	for (const part of parts) Object.assign(result, await part(lines, chainWith));
	if (flags.has('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().then(
	async () => {
		await stopAll();
		process.exit(0);
	},
	async (error) => {
		say(`failed: ${error.stack ?? error.message}`);
		await stopAll();
		process.exit(1);
	},
);
