//! What the agent says on loopback: to the full node beside it, to monitoring, to its operator.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/node` | the node's id, decimal; 503 until it is known |
//! | `POST /v1/prove` | SCALE `ProveRequest` in, SCALE `StorageProof` out |
//! | `GET /v1/status` | JSON for people and scripts |
//! | `GET /metrics` | Prometheus' text format |

mod guard;

use crate::status::metrics::Metrics;
use axum::{
	body::Bytes,
	extract::{DefaultBodyLimit, State},
	http::{header, StatusCode},
	middleware::from_fn_with_state,
	response::{IntoResponse, Response},
	routing::{get, post},
	Router,
};
use codec::{DecodeAll, Encode};
use parking_lot::RwLock;
use serde_json::{json, Value};
use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Instant};
use substation_plain::Plain;
use substation_primitives::{
	agent_api::{ProveRequest, MAX_ANSWER, NODE_PATH, PROVE_PATH},
	settings::MAX_OPENINGS,
};
use substation_proofs::prover::ProveError;
use substation_store::{
	answer::{AnswerError, Prover},
	journal::DealState,
	scrub::Scrub,
	storage::Storage,
};
use substation_transport::refused;
use tokio::{net::TcpListener, sync::Semaphore};

/// Most octets of a request.
const REQUEST: usize = 4_096;

/// Requests to prove that are worked on or wait. They are worked on one after the other.
const PROVING: usize = 3;

/// Why the agent does not listen.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
	/// What it says is for this machine only.
	#[error("{0} is not a loopback address; the agent's HTTP interface is for this machine only")]
	NotLoopback(SocketAddr),
	/// Another program has the port. Stop it or name another port.
	#[error("port {} is taken by another program; name another one", .0.port())]
	PortTaken(SocketAddr),
	/// What the system said.
	#[error("http: {0}")]
	Io(#[from] io::Error),
}

/// What the answers are made from. Clones share it.
#[derive(Clone, Debug)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	storage: Storage,
	metrics: Metrics,
	node: RwLock<Option<(u64, Prover)>>,
	scrub: RwLock<Option<Scrub>>,
	chain: RwLock<Value>,
	proving: Semaphore,
	waiting: Semaphore,
}

impl Api {
	/// Knows no node yet.
	pub fn new(storage: Storage, metrics: Metrics) -> Self {
		let (node, scrub, chain) = (RwLock::default(), RwLock::default(), RwLock::default());
		let (proving, waiting) = (Semaphore::new(1), Semaphore::new(PROVING));
		Self(Arc::new(Inner { storage, metrics, node, scrub, chain, proving, waiting }))
	}

	/// From now on answers for this node.
	pub fn set_node(&self, node: u64, prover: Prover) {
		*self.0.node.write() = Some((node, prover));
	}

	/// From now on shows how far this scrub is.
	pub fn set_scrub(&self, scrub: Scrub) {
		*self.0.scrub.write() = Some(scrub);
	}

	/// From now on shows this under `chain`.
	pub fn set_chain(&self, chain: Value) {
		*self.0.chain.write() = chain;
	}

	/// What `/v1/status` answers.
	pub fn status(&self) -> Value {
		let Inner { storage, scrub, chain, .. } = &*self.0;
		let node = self.node();
		let forest = node.as_ref().map(|(_, prover)| prover.forests().current());
		let forest = forest
			.map(|forest| json!({ "root": hex::encode(forest.root), "total": forest.total, "depth": forest.depth }));
		let deals = storage.journal.deals();
		let count = |wanted: fn(&DealState) -> bool| deals.iter().filter(|record| wanted(&record.state)).count();
		json!({
			"node": node.map(|(node, _)| node),
			"folder": storage.folder(),
			"forest": forest,
			"deals": {
				"all": deals.len(),
				"waiting": count(DealState::is_unaccepted),
				"accepted": count(|state| matches!(state, DealState::Accepted { .. })),
				"ended": count(|state| matches!(state, DealState::Ended { .. } | DealState::ToDelete { .. })),
			},
			"storedBytes": storage.blobs.used_bytes(),
			"freeBytes": storage.blobs.free_bytes().ok(),
			"damage": storage.journal.damage().unwrap_or_default(),
			"scrub": scrub.read().as_ref().map(Scrub::status),
			"chain": *chain.read(),
		})
	}

	fn node(&self) -> Option<(u64, Prover)> {
		self.0.node.read().clone()
	}
}

/// Takes a loopback port.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, HttpError> {
	if !address.ip().is_loopback() {
		return Err(HttpError::NotLoopback(address));
	}
	TcpListener::bind(address).await.map_err(|error| match error.kind() {
		io::ErrorKind::AddrInUse => HttpError::PortTaken(address),
		_ => error.into(),
	})
}

/// Answers until `shutdown` is ready.
pub async fn serve(
	listener: TcpListener,
	api: Api,
	shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), HttpError> {
	let routes = Router::new()
		.route(NODE_PATH, get(node))
		.route(PROVE_PATH, post(prove))
		.route("/v1/status", get(status))
		.route("/metrics", get(metrics))
		.layer(DefaultBodyLimit::max(REQUEST))
		.layer(from_fn_with_state(api.clone(), guard::guard))
		.with_state(api);
	Ok(axum::serve(listener, routes).with_graceful_shutdown(shutdown).await?)
}

async fn node(State(api): State<Api>) -> Response {
	match api.node() {
		Some((node, _)) => node.to_string().into_response(),
		None => not_yet(),
	}
}

async fn status(State(api): State<Api>) -> Response {
	match tokio::task::spawn_blocking(move || api.status()).await {
		Ok(status) => answered(&status),
		Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
	}
}

/// JSON that a terminal may show, and that no browser takes for a page.
fn answered(value: &Value) -> Response {
	let headers = [(header::CONTENT_TYPE, "application/json"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
	(headers, Plain(value).to_string()).into_response()
}

async fn metrics(State(api): State<Api>) -> Response {
	let render = move || api.0.metrics.render(&api.0.storage);
	match tokio::task::spawn_blocking(render).await {
		Ok(Ok(text)) => {
			let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
			([(header::CONTENT_TYPE, kind)], text).into_response()
		}
		_ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
	}
}

async fn prove(State(api): State<Api>, body: Bytes) -> Response {
	let Some((_, prover)) = api.node() else { return not_yet() };
	let Ok(request) = ProveRequest::decode_all(&mut body.as_ref()) else {
		return (StatusCode::BAD_REQUEST, "not a request to prove").into_response();
	};
	let refused = &api.0.metrics.numbers().refused;
	if request.challenge.openings > MAX_OPENINGS {
		refused.count(refused::HTTP_OPENINGS);
		return (StatusCode::BAD_REQUEST, "more openings than a challenge can have").into_response();
	}
	let started = Instant::now();
	let Ok(_place) = api.0.waiting.try_acquire() else {
		refused.count(refused::HTTP_BUSY);
		return (StatusCode::SERVICE_UNAVAILABLE, "other challenges wait; try again").into_response();
	};
	// Never closed.
	let _turn = api.0.proving.acquire().await;
	let answer = tokio::task::spawn_blocking(move || prover.answer(&request.challenge, &request.forest)).await;
	let (code, reason) = match answer {
		Ok(Ok(proof)) => {
			let octets = proof.encode();
			if u32::try_from(octets.len()).is_ok_and(|length| length <= MAX_ANSWER) {
				api.0.metrics.count_answer(started, true);
				return ([(header::CONTENT_TYPE, "application/octet-stream")], octets).into_response();
			}
			(StatusCode::INTERNAL_SERVER_ERROR, "the answer is too long".to_owned())
		}
		Ok(Err(error)) => (code_of(&error), error.to_string()),
		Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
	};
	api.0.metrics.count_answer(started, false);
	tracing::error!(%reason, "challenge not answered");
	(code, reason).into_response()
}

fn code_of(error: &AnswerError) -> StatusCode {
	match error {
		AnswerError::UnknownForest(_) => StatusCode::CONFLICT,
		AnswerError::Prove(ProveError::WrongNode { .. } | ProveError::NoOpenings | ProveError::EmptyForest) => {
			StatusCode::BAD_REQUEST
		}
		_ => StatusCode::INTERNAL_SERVER_ERROR,
	}
}

fn not_yet() -> Response {
	(StatusCode::SERVICE_UNAVAILABLE, "the node is not known yet").into_response()
}
