//! Whether this program and the chain's runtime are of one release: figures for scripts, words for people.

use serde::Serialize;
use substation_client::compatibility::{Compatibility, Incompatibility, API_VERSION};

/// What people are told that this program is.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Calls that one line names.
const NAMED: usize = 4;

/// What `/v1/status` shows of this program and the runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgramReport {
	/// This program's version.
	pub version: &'static str,
	/// The version of the runtime API that it knows.
	pub known_api: u32,
	/// The runtime's version.
	pub runtime: u32,
	/// The version of the API that the runtime serves.
	pub api: u32,
	/// Whether a newer release of this program exists, made for that runtime.
	pub newer_exists: bool,
	/// What this program cannot send to it.
	pub cannot: Vec<Incompatibility>,
	/// All this as a line for people, if there is anything to say.
	#[serde(skip)]
	pub words: Option<String>,
}

impl ProgramReport {
	/// The report on how this program fits the runtime.
	pub fn of(compatibility: &Compatibility) -> Self {
		Self {
			version: VERSION,
			known_api: API_VERSION,
			runtime: compatibility.runtime,
			api: compatibility.api,
			newer_exists: compatibility.is_ahead(),
			cannot: compatibility.incompatible.clone(),
			words: words(compatibility),
		}
	}
}

fn words(compatibility: &Compatibility) -> Option<String> {
	let Compatibility { runtime, api, incompatible } = compatibility;
	let cannot = cannot(incompatible);
	if compatibility.is_behind() {
		let cannot = cannot.map(|cannot| format!("; {cannot}")).unwrap_or_default();
		return Some(format!(
			"program: {VERSION} is newer than the chain's runtime {runtime}, which serves version {api} of its API and not \
			 {API_VERSION}: what needs that waits for the chain's upgrade{cannot}"
		));
	}
	if let Some(cannot) = cannot {
		return Some(format!(
			"to do: install the current release of this program; {VERSION} does not fit the chain's runtime {runtime}: \
			 {cannot}; all else goes on"
		));
	}
	compatibility.is_ahead().then(|| {
		format!(
			"program: a newer release exists; the chain's runtime {runtime} serves version {api} of its API, and {VERSION} \
			 knows version {API_VERSION}: all goes on as before, install it when you can"
		)
	})
}

/// What cannot be sent, and why, as far as one line names it.
fn cannot(incompatible: &[Incompatibility]) -> Option<String> {
	let name = |Incompatibility { call, why }: &Incompatibility| {
		format!("{} cannot be sent ({why})", call.as_deref().unwrap_or("transactions"))
	};
	let named: Vec<_> = incompatible.iter().take(NAMED).map(name).collect();
	let more = match incompatible.len().saturating_sub(NAMED) {
		0 => String::new(),
		more => format!(" and {more} calls more"),
	};
	(!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn report(api: u32, calls: &[&str]) -> ProgramReport {
		let one = |call: &&str| Incompatibility { call: Some((*call).to_owned()), why: "`depth` is u16 there".into() };
		ProgramReport::of(&Compatibility { runtime: 7, api, incompatible: calls.iter().map(one).collect() })
	}

	#[test]
	fn nothing_is_said_while_both_are_of_one_release() {
		let report = report(API_VERSION, &[]);

		assert_eq!((report.newer_exists, report.words), (false, None));
	}

	#[test]
	fn runtime_with_more_methods_tells_of_a_newer_release() {
		let report = report(API_VERSION + 1, &[]);

		assert!(report.newer_exists);
		let words = report.words.unwrap();
		for part in ["a newer release exists", "runtime 7", VERSION, "all goes on as before"] {
			assert!(words.contains(part), "{words}");
		}
	}

	#[test]
	fn calls_of_another_shape_are_named_with_what_to_do() {
		let report = report(API_VERSION, &["A.a", "B.b", "C.c", "D.d", "E.e", "F.f"]);

		assert!(report.newer_exists);
		assert_eq!(report.cannot.len(), 6);
		let words = report.words.unwrap();
		assert!(
			words.starts_with("to do: install the current release") && words.contains("A.a cannot be sent"),
			"{words}"
		);
		assert!(words.contains("`depth` is u16 there") && words.contains("and 2 calls more") && !words.contains("E.e"));
	}

	#[test]
	fn program_that_is_ahead_of_its_chain_waits_and_is_not_told_to_update() {
		let report = report(API_VERSION - 1, &["A.a"]);

		assert!(!report.newer_exists);
		let words = report.words.unwrap();
		assert!(
			words.contains("is newer than the chain's runtime 7") && words.contains("A.a cannot be sent"),
			"{words}"
		);
		assert!(!words.contains("install"), "{words}");
	}

	#[test]
	fn everything_is_there_for_scripts() {
		let json = serde_json::to_value(report(API_VERSION + 1, &["A.a"])).unwrap();

		let cannot = serde_json::json!([{ "call": "A.a", "why": "`depth` is u16 there" }]);
		let expected = serde_json::json!({
			"version": VERSION, "knownApi": API_VERSION, "runtime": 7, "api": API_VERSION + 1, "newerExists": true,
			"cannot": cannot,
		});
		assert_eq!(json, expected);
	}
}
