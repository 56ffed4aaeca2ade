//! Disputes about a node's deals: figures for scripts, words for people.

use serde::Serialize;
use substation_client::{client::DealView, BlockHash, Chain, ChainError};
use substation_primitives::{
	dispute::{Stage, Verdict},
	pages::DisputePage,
	DealId,
};

/// Those of these deals that a state has a dispute about.
pub async fn read(chain: &Chain, deals: &[DealId], block: BlockHash) -> Result<Vec<DealView>, ChainError> {
	let mut disputed = Vec::new();
	for deal in deals {
		disputed.extend(chain.deal(*deal, block).await?.filter(|page| page.dispute.is_some()));
	}
	Ok(disputed)
}

/// What `/v1/status` shows of one dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisputeReport {
	/// The deal that it is about.
	pub deal: u64,
	/// Its own number.
	pub dispute: u64,
	/// Hash of the customer's evidence, in hex.
	pub evidence: String,
	/// The customer's bond, in the smallest unit, as text.
	pub bond: String,
	/// Hash of the node's evidence, in hex, once it has answered.
	pub answer: Option<String>,
	/// `open`, `answered` or `decided`.
	pub stage: &'static str,
	/// The first block at which it is too late to answer, to decide, or to overturn.
	pub until: u32,
	/// `upheld`, `rejected` or `dismissed`, once it is decided.
	pub verdict: Option<&'static str>,
	/// All this as a line for people.
	#[serde(skip)]
	pub words: String,
}

impl DisputeReport {
	/// The report on a deal's dispute at block `now`, `None` if there is none.
	pub fn of(page: &DealView, now: u32) -> Option<Self> {
		let dispute = page.dispute?;
		let (stage, until, verdict) = match dispute.stage {
			Stage::Open { answer_by } => ("open", answer_by, None),
			Stage::Answered { decide_by } => ("answered", decide_by, None),
			Stage::Decided { verdict, final_at } => ("decided", final_at, Some(meaning(verdict).0)),
		};
		let mut words = format!("dispute about deal {}: {}", page.id, words(&dispute, now));
		if is_open(page) {
			words.push_str(&format!("; silence loses: `substation answer {} FILE`", page.id));
		}
		if until > now {
			words.push_str(&format!("; if its bytes are lost, end it: `substation concede {}`", page.id));
		}
		Some(Self {
			deal: page.id.0,
			dispute: dispute.id.0,
			evidence: hex::encode(dispute.evidence),
			bond: dispute.bond.to_string(),
			answer: dispute.answer.map(hex::encode),
			stage,
			until,
			verdict,
			words,
		})
	}
}

/// Whether the node still has to answer a dispute about its deal.
pub fn is_open(page: &DealView) -> bool {
	matches!(page.dispute.map(|dispute| dispute.stage), Some(Stage::Open { .. }))
}

/// Where a dispute stands at block `now`, in words for both sides.
pub fn words(dispute: &DisputePage, now: u32) -> String {
	let evidence = hex::encode(dispute.evidence);
	let answer = match dispute.answer {
		Some(answer) => format!("answered with {}", hex::encode(answer)),
		None => "not answered".to_owned(),
	};
	let stage = match dispute.stage {
		Stage::Open { answer_by } => format!("an answer counts before block {answer_by}"),
		Stage::Answered { decide_by } => {
			format!("the council decides before block {decide_by}, or a tenth of the customer's bond is the operator's")
		}
		Stage::Decided { verdict, final_at } => {
			let (name, meaning) = meaning(verdict);
			match now < final_at {
				true => format!("{name}, {meaning}; token holders may overturn it before block {final_at}"),
				false => format!("{name}, {meaning}; final, anybody may call `disputes.execute`"),
			}
		}
	};
	format!("evidence {evidence}, {answer}; {stage}")
}

/// A verdict's name, and what it says.
fn meaning(verdict: Verdict) -> (&'static str, &'static str) {
	match verdict {
		Verdict::Upheld => ("upheld", "the customer is right"),
		Verdict::Rejected => ("rejected", "the customer is wrong"),
		Verdict::Dismissed => ("dismissed", "nobody is to blame"),
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::provider::testing::deal;
	use substation_primitives::{settings::STN, DisputeId};

	/// A deal with a dispute that is answered unless it is open.
	pub(crate) fn disputed(stage: Stage) -> DealView {
		let is_open = matches!(stage, Stage::Open { .. });
		let answer = (!is_open).then_some([0xcd; 32]);
		let dispute = DisputePage { id: DisputeId(2), evidence: [0xab; 32], bond: 12 * STN, answer, stage };
		DealView { dispute: Some(dispute), ..deal() }
	}

	fn report(stage: Stage, now: u32) -> DisputeReport {
		DisputeReport::of(&disputed(stage), now).unwrap()
	}

	fn decided(verdict: Verdict) -> Stage {
		Stage::Decided { verdict, final_at: 400 }
	}

	#[test]
	fn open_dispute_says_until_when_and_how_to_answer() {
		let (evidence, open) = ("ab".repeat(32), report(Stage::Open { answer_by: 200 }, 100));

		assert_eq!(
			open.words,
			format!(
				"dispute about deal 5: evidence {evidence}, not answered; an answer counts before block 200; silence \
				 loses: `substation answer 5 FILE`; if its bytes are lost, end it: `substation concede 5`"
			)
		);
	}

	#[test]
	fn answered_dispute_waits_for_the_council() {
		let words = report(Stage::Answered { decide_by: 300 }, 100).words;

		let expected = format!("answered with {}; the council decides before block 300", "cd".repeat(32));
		assert!(words.contains(&expected) && !words.contains("substation answer"), "{words}");
		assert!(words.ends_with("end it: `substation concede 5`"), "{words}");
	}

	#[test]
	fn verdict_is_told_with_its_meaning_until_and_after_it_is_final() {
		for (verdict, expected) in [
			(Verdict::Upheld, "upheld, the customer is right; token holders may overturn it before block 400"),
			(Verdict::Rejected, "rejected, the customer is wrong; token holders"),
			(Verdict::Dismissed, "dismissed, nobody is to blame; token holders"),
		] {
			let words = report(decided(verdict), 399).words;
			assert!(words.contains(expected), "{words}");
		}
		let last = report(decided(Verdict::Rejected), 400).words;
		assert!(last.ends_with("the customer is wrong; final, anybody may call `disputes.execute`"), "{last}");
	}

	#[test]
	fn silence_is_told_from_a_lost_answer() {
		let mut page = disputed(decided(Verdict::Upheld));
		page.dispute.as_mut().unwrap().answer = None;

		let words = DisputeReport::of(&page, 100).unwrap().words;

		assert!(words.contains("not answered; upheld") && !words.contains("substation answer"), "{words}");
		assert!(!is_open(&page));
	}

	#[test]
	fn everything_is_there_for_scripts() {
		let open = serde_json::to_value(report(Stage::Open { answer_by: 200 }, 100)).unwrap();
		let rejected = serde_json::to_value(report(decided(Verdict::Rejected), 100)).unwrap();

		let bond = (12 * STN).to_string();
		let expected = serde_json::json!({
			"deal": 5, "dispute": 2, "evidence": "ab".repeat(32), "bond": bond, "answer": null, "stage": "open",
			"until": 200, "verdict": null,
		});
		assert_eq!(open, expected);
		assert_eq!((&rejected["stage"], &rejected["verdict"]), (&"decided".into(), &"rejected".into()));
		assert_eq!((&rejected["until"], &rejected["answer"]), (&400.into(), &"cd".repeat(32).into()));
		assert_eq!(DisputeReport::of(&deal(), 100), None);
	}
}
