// @ts-check
// Chains on which lines are measured within minutes.

/**
 * What genesis of such a chain differs in: committees have `members` members, drawn once there are `nodes` lines. Seats count
 * after three epochs. With `seats` of them that count, a test of `seconds` is drawn every `interval` blocks on average.
 * `period` is that of proofs: 32 blocks where slots are short, 20 with those of the presets.
 *
 * @param {{ members: number, nodes: number, seats: number, interval: number, period?: number, seconds: number, seatRate: number, deadline?: number, epochBlocks?: number }} terms
 */
export function withCommittees({ members, nodes, seats, interval, period = 32, seconds, seatRate, deadline = 30, epochBlocks = 10 }) {
	const seatTests = Math.round((100 * period) / (seats * interval));
	if (seatTests < 1 || seatTests > 2_400) throw new Error(`${seats} seats cannot be tested every ${interval} blocks`);
	return {
		pace: { lengths: { epochBlocks, committees: { members, minNodes: nodes, deadline } } },
		settings: { settings: { bandwidth: { testsPerDraw: 1, seatTests, testSeconds: seconds, seatRate, ratingAge: 100_000 } } },
	};
}
