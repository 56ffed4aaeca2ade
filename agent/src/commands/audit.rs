//! `substation audit`: whether all money on the chain is accounted for.

use crate::{cli::Common, commands::session::Session};
use anyhow::{ensure, Result};
use indicatif::ProgressBar;
use serde_json::{json, Value};
use std::time::{Duration, Instant};
use substation_client::{amounts::display_amount, client::BlockHash, Chain};
use substation_primitives::{
	pots::{Pot, PotSum, PotSums},
	rewards::SupplyPage,
};
use substation_store::progress::{Output, LINE_EVERY};

/// Time between two frames on a terminal.
const FRAME_EVERY: Duration = Duration::from_millis(200);

/// Reads every record of one final block and compares. Errors when something is not accounted for.
pub async fn audit(common: &Common) -> Result<()> {
	let session = Session::customer(common).await?;
	let block = session.chain.finalised().await?;
	let supply = session.chain.supply_page(block).await?;
	let (records, sums) = read(&session.chain, block, Output::detect(common.quiet, common.json)).await?;
	let findings = Findings { block: format!("{block:?}"), supply, records, sums };
	if session.json {
		println!("{}", findings.json());
	} else {
		findings.words().iter().for_each(|line| println!("{line}"));
	}
	let wrong = findings.wrong();
	ensure!(wrong.is_empty(), "not accounted for: {}", wrong.join("; "));
	Ok(())
}

/// The sums over all pages of a block, and how many records they are of.
async fn read(chain: &Chain, block: BlockHash, output: Output) -> Result<(u64, PotSums)> {
	let bar = (output == Output::Bars).then(|| {
		let bar = ProgressBar::new_spinner();
		bar.enable_steady_tick(FRAME_EVERY);
		bar
	});
	let mut told = Instant::now();
	let (mut records, mut sums, mut after) = (0, PotSums::default(), None);
	loop {
		let page = chain.pots_page(after.as_ref(), block).await?;
		records += u64::from(page.records);
		sums.join(&page.sums);
		if let Some(bar) = &bar {
			bar.set_message(format!("{records} records read"));
		} else if output == Output::Lines && told.elapsed() >= LINE_EVERY {
			told = Instant::now();
			tracing::info!(records, "reading");
		}
		match page.next {
			Some(next) => after = Some(next),
			None => break,
		}
	}
	if let Some(bar) = bar {
		bar.finish_and_clear();
	}
	Ok((records, sums))
}

/// What was read, at one block.
struct Findings {
	block: String,
	supply: SupplyPage,
	records: u64,
	sums: PotSums,
}

impl Findings {
	/// What is not accounted for.
	fn wrong(&self) -> Vec<String> {
		let SupplyPage { genesis, issuance, budgeted, max, minted, burned, burned_by_calls, burned_seen, .. } =
			self.supply;
		let rules = [
			(issuance.checked_add(burned) != genesis.checked_add(minted), "issuance + burned is not genesis + minted"),
			(minted > budgeted, "more was minted than budgeted"),
			(budgeted > max, "more was budgeted than may ever be"),
			(burned_by_calls > burned, "less is burned than payments and fees have destroyed"),
			(burned_seen > burned, "less is burned than at the end of an era before"),
		];
		let broken = rules.into_iter().filter(|(broken, _)| *broken).map(|(_, what)| what.to_owned());
		let uncovered = self.sums.0.iter().filter(|sum| !sum.is_covered()).map(|PotSum { pot, held, owed }| {
			let (held, owed) = (display_amount(*held), display_amount(*owed));
			format!("{}: {held} STN held, {owed} STN owed", title(*pot))
		});
		broken.chain(uncovered).collect()
	}

	fn words(&self) -> Vec<String> {
		let SupplyPage { now, genesis, issuance, budgeted, max, minted, burned, burned_by_calls, .. } = self.supply;
		let stn = display_amount;
		let mut lines = vec![
			format!("block {now}, {}: {} records", self.block, self.records),
			format!(
				"issuance {} STN = genesis {} + minted {} - burned {}",
				stn(issuance),
				stn(genesis),
				stn(minted),
				stn(burned)
			),
			format!("minted {} STN of {} budgeted so far and {} ever", stn(minted), stn(budgeted), stn(max)),
			format!("burned {} STN, {} of it by payments and fees", stn(burned), stn(burned_by_calls)),
		];
		let rows: Vec<_> = self.sums.0.iter().map(|sum| (title(sum.pot), stn(sum.held), stn(sum.owed), sum)).collect();
		let width = |of: fn(&(&str, String, String, &PotSum)) -> usize| rows.iter().map(of).max().unwrap_or_default();
		let (pots, held, owed) = (width(|row| row.0.len()), width(|row| row.1.len()), width(|row| row.2.len()));
		lines.push(format!("{:pots$}  {:>held$}  {:>owed$}", "", "held", "owed"));
		for (pot, held_by, owed_by, sum) in &rows {
			let verdict = if sum.is_covered() { "" } else { "  WRONG" };
			lines.push(format!("{pot:pots$}  {held_by:>held$}  {owed_by:>owed$}{verdict}"));
		}
		if self.wrong().is_empty() {
			lines.push("everything is accounted for".into());
		}
		lines
	}

	fn json(&self) -> Value {
		let supply = &self.supply;
		let pot = |sum: &PotSum| {
			json!({
				"pot": sum.pot,
				"held": sum.held.to_string(),
				"owed": sum.owed.to_string(),
				"covered": sum.is_covered(),
			})
		};
		json!({
			"block": self.block,
			"number": supply.now,
			"records": self.records,
			"genesis": supply.genesis.to_string(),
			"issuance": supply.issuance.to_string(),
			"budgeted": supply.budgeted.to_string(),
			"max": supply.max.to_string(),
			"minted": supply.minted.to_string(),
			"burned": supply.burned.to_string(),
			"burnedByCalls": supply.burned_by_calls.to_string(),
			"burnedSeen": supply.burned_seen.to_string(),
			"pots": self.sums.0.iter().map(pot).collect::<Vec<_>>(),
			"wrong": self.wrong(),
		})
	}
}

/// What people call a pot.
const fn title(pot: Pot) -> &'static str {
	match pot {
		Pot::Accounts => "all accounts (issuance)",
		Pot::Escrow => "escrow of deals",
		Pot::DealDeposit => "deposits of deals",
		Pot::NodeDeposit => "deposits of nodes",
		Pot::StorageBond => "bonds for storage",
		Pot::BandwidthBond => "bonds for seats",
		Pot::ChannelDeposit => "payment channels",
		Pot::ChannelRecord => "deposits of channels",
		Pot::DisputeBond => "bonds of disputes",
		Pot::AnswerBond => "bonds of answers",
		Pot::TestFees => "fees of tests",
		Pot::Rewards => "rewards of past eras",
		Pot::Stake => "stakes",
		Pot::Reserved => "all that is on hold",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::status::rewards::tests::supply;
	use substation_primitives::{rewards::PoolPage, settings::STN};

	fn findings(change: impl FnOnce(&mut Findings)) -> Findings {
		let supply = SupplyPage {
			genesis: 10 * STN,
			minted: 3 * STN,
			budgeted: 3 * STN,
			issuance: 12 * STN,
			burned: STN,
			burned_by_calls: STN,
			max: 5 * STN,
			..supply(PoolPage { units: 0, budget: 0 })
		};
		let mut findings = Findings { block: "0xab".into(), supply, records: 7, sums: PotSums::default() };
		findings.sums.hold(Pot::Escrow, STN / 2);
		findings.sums.owe(Pot::Escrow, STN / 2);
		findings.sums.hold(Pot::TestFees, 2 * STN);
		findings.sums.owe(Pot::TestFees, STN);
		change(&mut findings);
		findings
	}

	#[test]
	fn everything_is_accounted_for_when_pots_and_supply_agree() {
		let findings = findings(|_| ());

		assert_eq!(findings.wrong(), [""; 0]);
		let words = findings.words();
		assert!(words[1].contains("issuance 12 STN = genesis 10 + minted 3 - burned 1"), "{words:?}");
		assert_eq!(words.last().map(String::as_str), Some("everything is accounted for"));
		let json = findings.json();
		assert_eq!(json["wrong"], json!([]));
		assert!(json["pots"].as_array().unwrap().iter().any(|pot| {
			*pot == json!({ "pot": "escrow", "held": "500000000000", "owed": "500000000000", "covered": true })
		}));
	}

	#[test]
	fn every_rule_of_the_supply_is_checked() {
		let wrong = |change: fn(&mut SupplyPage)| findings(|findings| change(&mut findings.supply)).wrong().join("; ");

		assert!(wrong(|page| page.issuance += 1).contains("issuance + burned"));
		assert!(wrong(|page| page.budgeted = STN).contains("more was minted"));
		assert!(wrong(|page| page.budgeted = 6 * STN).contains("more was budgeted"));
		assert!(wrong(|page| page.burned_by_calls += 1).contains("payments and fees"));
		assert!(wrong(|page| page.burned_seen = 2 * STN).contains("an era before"));
	}

	#[test]
	fn pot_that_lacks_something_is_named_with_both_sums() {
		let findings = findings(|findings| findings.sums.owe(Pot::Escrow, STN));

		assert_eq!(findings.wrong(), ["escrow of deals: 0.5 STN held, 1.5 STN owed"]);
		let words = findings.words();
		assert!(words.iter().any(|line| line.starts_with("escrow of deals") && line.ends_with("WRONG")), "{words:?}");
		assert!(!words.iter().any(|line| line.contains("everything is accounted for")));
	}
}
