// @ts-check
// Chains on which lines are measured within minutes.

/**
 * What genesis of such a chain differs in: committees have `members` members, drawn once there are `nodes` lines. Seats count
 * after two epochs, and a test of `seconds` is drawn every `interval` blocks.
 *
 * @param {{ members: number, nodes: number, interval: number, seconds: number, seatRate: number, deadline?: number, epochBlocks?: number }} terms
 */
export const withCommittees = ({ members, nodes, interval, seconds, seatRate, deadline = 30, epochBlocks = 10 }) => ({
	pace: { lengths: { epochBlocks, committees: { members, minNodes: nodes, deadline } } },
	settings: {
		settings: { bandwidth: { testsPerDraw: 1, drawInterval: interval, testSeconds: seconds, seatRate, ratingAge: 100_000 } },
	},
});
