// @ts-check
// Forbids sleeping for a fixed time: a test that sleeps is either slow or, on a busy machine, wrong. It waits for an event,
// a log line or a state instead (`chain.event`, `daemon.line`, `until`).

const SLEEPS = new Set(['delay', 'setTimeout', 'sleep']);
const TIMERS = /^(node:)?timers(\/promises)?$/;

/** The last name of what is called: `delay` of `delay(…)`, of `processes.delay(…)` and of `processes['delay'](…)`. */
function calledName(callee) {
	if (callee.type === 'Identifier') return callee.name;
	if (callee.type !== 'MemberExpression') return undefined;
	return callee.computed ? callee.property.value : callee.property.name;
}

/** @type {import('eslint').Rule.RuleModule} */
export default {
	meta: {
		type: 'problem',
		docs: { description: 'forbid sleeping for a fixed time' },
		schema: [],
		messages: { sleep: '`{{name}}` sleeps for a fixed time; wait for an event, a log line or a state instead' },
	},
	create: (context) => {
		const report = (node, name) => context.report({ node, messageId: 'sleep', data: { name } });
		return {
			CallExpression(node) {
				const name = calledName(node.callee);
				if (SLEEPS.has(name)) report(node, name);
			},
			// Under another name it would be called unseen.
			ImportDeclaration(node) {
				if (TIMERS.test(String(node.source.value))) report(node, String(node.source.value));
			},
			ImportSpecifier(node) {
				const name = node.imported.type === 'Identifier' ? node.imported.name : String(node.imported.value);
				if (SLEEPS.has(name)) report(node, name);
			},
		};
	},
};
