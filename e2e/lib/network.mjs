// A local network of real programs: validators, full nodes, storage agents and customers.
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Chain, STN } from './chain.mjs';
import { Daemon, freePort, run, stopAll, until } from './processes.mjs';

const target =
	process.env.CARGO_TARGET_DIR ??
	path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'substation', 'target');
export const NODE = path.join(target, 'release', 'substation-node');
export const AGENT = path.join(target, 'release', 'substation');
/** A runtime that `scripts/e2e governance` has built to upgrade to. */
export const upgrade = (name) => path.join(target, 'upgrades', `${name}.wasm`);

/** Windows of 24 s, not 16: a program beside another test's may stand still for some seconds. */
export const LONG_WINDOWS = { pace: { lengths: { clock: { period: 24, window: 12 } } } };

const VALIDATORS = { dev: ['alice'], local: ['alice', 'bob', 'charlie', 'dave'] };

/** Runs the agent's program once; fails with what it said, unless `expectFailure`. */
export async function substation(args, { expectFailure = false, ...options } = {}) {
	const result = await run(AGENT, args, options);
	// Killed by the time limit is neither.
	if (result.code === null || (result.code !== 0) !== expectFailure) {
		throw new Error(`substation ${args.join(' ')} ended with ${result.code ?? result.signal}:\n${result.stderr}\n${result.stdout}`);
	}
	return result;
}

/** Writes the leaves of one tree over those of another, in place. */
function overwrite(tree, leaves) {
	for (const [name, value] of Object.entries(leaves)) {
		if (value !== null && typeof value === 'object' && !Array.isArray(value)) overwrite((tree[name] ??= {}), value);
		else tree[name] = value;
	}
}

/** Sets values in a section of an agent's configuration that has them already. */
async function configure(data, section, values) {
	const file = path.join(data, 'config.toml');
	const [before, after] = (await readFile(file, 'utf8')).split(`[${section}]\n`);
	const changed = Object.entries(values).reduce((text, [name, value]) => {
		const line = new RegExp(`^${name} = .*$`, 'm');
		if (!line.test(text ?? '')) throw new Error(`${file} has no ${name} under [${section}]`);
		return text.replace(line, `${name} = ${JSON.stringify(value)}`);
	}, after);
	await writeFile(file, `${before}[${section}]\n${changed}`);
}

export class Network {
	constructor(folder) {
		this.folder = folder;
		this.nodes = [];
		this.providers = [];
		this.unfunded = [];
		this.funding = Promise.resolve();
	}

	/**
	 * A chain with all validators of its preset (`dev` has one, `local` four), in a folder of its own; with `genesis`, one
	 * whose first state differs from the preset's in these fields of the genesis patch.
	 */
	static async start({ preset = 'dev', genesis, nodeArgs = [] } = {}) {
		const folder = await mkdtemp(path.join(os.tmpdir(), 'substation-'));
		const network = new Network(folder);
		network.spec = await network.#rawSpec(preset, genesis);
		const [first, ...others] = VALIDATORS[preset];
		const start = (name, ...more) =>
			network.startNode(name, ['--chain', network.spec, `--${name}`, '--validator', ...more, ...nodeArgs]);
		network.validator = await start(first, ...(others.length === 0 ? ['--force-authoring'] : []));
		network.validators = [network.validator, ...(await Promise.all(others.map((name) => start(name))))];
		// Among several validators the best block may be given up for another one.
		network.chain = await Chain.connect(network.validator.ws, { final: others.length > 0 });
		return network;
	}

	/**
	 * A preset's first state with these changes, in a file. Worked out once: a node that gets a preset compiles the runtime
	 * twice, to make the first state and to run.
	 */
	async #rawSpec(preset, genesis = {}) {
		const specification = async (chain, ...more) => {
			const { code, stdout, stderr } = await run(NODE, ['export-chain-spec', '--chain', chain, ...more]);
			if (code !== 0) throw new Error(`no chain specification from ${chain}: ${stderr}`);
			return stdout;
		};
		const spec = JSON.parse(await specification(preset));
		overwrite(spec.genesis.runtimeGenesis.patch, genesis);
		const patched = path.join(this.folder, 'chain.json');
		await writeFile(patched, JSON.stringify(spec));
		const raw = path.join(this.folder, 'chain-raw.json');
		await writeFile(raw, await specification(patched, '--raw'));
		return raw;
	}

	/** Starts a node; the first becomes the bootnode of the others. */
	async startNode(name, args, reuse) {
		const settings = reuse ?? {
			name,
			args,
			rpcPort: await freePort(),
			p2pPort: await freePort(),
			prometheusPort: await freePort(),
			basePath: path.join(this.folder, name),
		};
		const boot = this.nodes.find((node) => node.settings.name !== name)?.address;
		const daemon = new Daemon(
			name,
			NODE,
			[
				...settings.args,
				...['--name', name, '--base-path', settings.basePath, '--no-telemetry', '--no-mdns'],
				...['--rpc-port', String(settings.rpcPort), '--prometheus-port', String(settings.prometheusPort)],
				...['--listen-addr', `/ip4/127.0.0.1/tcp/${settings.p2pPort}`, '--rpc-methods', 'unsafe'],
				...(boot ? ['--bootnodes', boot] : []),
			],
			{ log: path.join(this.folder, `${name}.log`) },
		);
		const identity = await daemon.line(/Local node identity is: (\S+)/, 180);
		const peer = identity.match(/identity is: (\S+)/)[1];
		const node = {
			settings,
			daemon,
			ws: `ws://127.0.0.1:${settings.rpcPort}`,
			address: `/ip4/127.0.0.1/tcp/${settings.p2pPort}/p2p/${peer}`,
		};
		await daemon.line(/Running JSON-RPC server/, 180);
		this.nodes = this.nodes.filter((other) => other.settings.name !== name).concat(node);
		return node;
	}

	/** Stops a node and starts it again on the same data and ports. */
	async restartNode(node, signal = 'SIGTERM') {
		await node.daemon.stop(signal);
		return this.startNode(node.settings.name, node.settings.args, node.settings);
	}

	/**
	 * Makes a storage node: keys, registration, agent. With `fullNode` it has a node of its own, whose off-chain
	 * worker proves where `worker` says so, and the agent where `agent` says so. `config` changes sections of the agent's
	 * configuration.
	 */
	async addProvider(
		name,
		suri,
		{ fullNode = false, worker = fullNode, agent = !worker, data, capacity = '10GiB', price = '0.01', bond = '1000', config = {} } = {},
	) {
		const provider = {
			name,
			suri,
			data: data ?? path.join(this.folder, name),
			p2pPort: await freePort(),
			httpPort: await freePort(),
			agentArgs: agent ? [] : ['--no-prove'],
		};
		await mkdir(provider.data, { recursive: true });
		let ws = this.validator.ws;
		if (fullNode) {
			provider.fullNode = await this.startNode(`${name}-node`, [
				...['--chain', this.spec, ...(worker ? ['--agent-url', `http://127.0.0.1:${provider.httpPort}`] : [])],
			]);
			ws = provider.fullNode.ws;
			await this.chain.synced(ws);
		}
		provider.ws = ws;
		await substation([
			...['init', '--data', provider.data, '--rpc', this.validator.ws],
			...['--listen', `127.0.0.1:${provider.p2pPort}`, '--http', `127.0.0.1:${provider.httpPort}`],
		]);
		for (const [section, values] of Object.entries(config)) await configure(provider.data, section, values);
		const { stdout } = await substation([
			...['register', '--data', provider.data, '--rpc', this.validator.ws, '--suri', suri, '--json'],
			...['--capacity', capacity, '--price', price, '--bond', bond, '--region', 'CH'],
			...['--address', `127.0.0.1:${provider.p2pPort}`],
		]);
		provider.node = JSON.parse(stdout.trim().split('\n').at(-1)).node;
		await this.startAgent(provider);
		this.providers.push(provider);
		return provider;
	}

	async startAgent(provider) {
		provider.agent = new Daemon(
			provider.name,
			AGENT,
			['run', '--data', provider.data, '--rpc', provider.ws, ...provider.agentArgs],
			{ log: path.join(this.folder, `${provider.name}.log`) },
		);
		await until(`${provider.name} to answer on HTTP`, 60, async () => {
			if (provider.agent.outcome) throw new Error(`it ended: ${provider.agent.lines.slice(-10).join('\n')}`);
			return (await this.http(provider, '/v1/node'))?.ok;
		});
		return provider.agent;
	}

	/** One request to an agent's own HTTP server. */
	async http(provider, route) {
		return fetch(`http://127.0.0.1:${provider.httpPort}${route}`).catch(() => undefined);
	}

	async status(provider) {
		return (await this.http(provider, '/v1/status'))?.json();
	}

	/**
	 * The pots by name, as `substation audit` reads them once everything that has happened so far is final. Fails if
	 * something is not accounted for.
	 */
	async audit() {
		const { height } = this.chain;
		await until(`block ${height} to be final`, 60, async () => (await this.chain.finalized()) >= height);
		const folder = path.join(this.folder, 'auditor');
		const { stdout } = await substation(['audit', '--data', folder, '--rpc', this.validator.ws, '--json']);
		const amounts = ({ pot, held, owed }) => [pot, { held: BigInt(held), owed: BigInt(owed) }];
		return Object.fromEntries(JSON.parse(stdout).pots.map(amounts));
	}

	/** Gives an account of this name money enough for a bond or a deal; those who ask at one time share a batch. */
	fund(name) {
		const suri = `//${name}`;
		this.unfunded.push(this.chain.account(suri).address);
		this.funding = this.funding.then(async () => {
			const { balances, utility } = this.chain.api.tx;
			const transfers = this.unfunded.splice(0).map((address) => balances.transferKeepAlive(address, 5_000n * STN));
			if (transfers.length > 0) await this.chain.submit(utility.batchAll(transfers), '//Alice');
		});
		return this.funding.then(() => suri);
	}

	/** A customer with a data folder of its own. */
	customer(name, suri) {
		const data = path.join(this.folder, name);
		const base = ['--data', data, '--rpc', this.validator.ws];
		return {
			data,
			suri,
			/** Returns what `store --json` says, or with `expectFailure` what it complains of. */
			store: (file, nodes, periods, options = {}) =>
				substation(
					[
						...['store', file, ...base, '--suri', suri, '--periods', String(periods), '--json'],
						...nodes.flatMap((node) => ['--node', String(node)]),
					],
					options,
				).then(({ stdout, stderr }) => (options.expectFailure ? stderr : JSON.parse(stdout.trim().split('\n').at(-1)))),
			fetch: (hash, output, nodes = [], options = {}) =>
				substation(
					['fetch', hash, '--output', output, ...base, ...nodes.flatMap((node) => ['--node', String(node)])],
					options,
				),
			/** A command that signs nothing. */
			read: (name, args = [], options) => substation([name, ...args, ...base], options),
			/** A command that the account signs. */
			command: (name, args, options) => substation([name, ...args, ...base, '--suri', suri], options),
		};
	}

	/** Ends everything, and deletes the folder unless it is to be looked at. */
	async stop() {
		await this.chain?.disconnect();
		await stopAll();
		if (!process.env.KEEP) await rm(this.folder, { recursive: true, force: true });
	}
}
