// Chains on which lines are measured within minutes.

/**
 * What genesis of such a chain differs in: committees have `members` members, drawn once there are `nodes` lines. Seats count
 * after 40 s, and a test of `seconds` is drawn every `interval` blocks.
 */
export const withCommittees = ({ members, nodes, interval, seconds, seatRate, deadline = 30 }) => ({
	pace: { lengths: { epochBlocks: 10, committees: { members, minNodes: nodes, deadline } } },
	settings: {
		settings: { bandwidth: { testsPerDraw: 1, drawInterval: interval, testSeconds: seconds, seatRate, ratingAge: 100_000 } },
	},
});
