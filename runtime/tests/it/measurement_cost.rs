//! What verifying a measurement costs in the blob, by the members of the committee. It measures and asserts nothing
//! about time:
//!
//! ```sh
//! cargo test --workspace --all-targets --release --locked measurement_cost -- --ignored --nocapture
//! ```

use crate::{blob::validate, chain::state_of, lines::committee_of};
use codec::Encode;

#[test]
#[ignore = "measures for a minute; run it by name"]
fn measurement_cost_of_committees_in_the_blob() {
	println!("members | octets | whole validation | without the signatures' check | the check | per receipt");
	for members in [5, 9, 17, 25] {
		let mut transactions = None;
		let mut state = state_of(|| {
			let (lines, test) = committee_of(members);
			let good = lines.measurement(&test, &lines.as_claimed(&test));
			let mut unknown = good.clone();
			unknown.test.index += 1;
			transactions = Some((good.transaction(), unknown.transaction()));
		});
		let (good, unknown) = transactions.expect("a test was drawn");

		let (whole, accepted) = validate(&mut state, &good);
		let (ticket, refused) = validate(&mut state, &unknown);

		accepted.expect("the measurement is right");
		refused.expect_err("there is no such test");
		let check = whole.saturating_sub(ticket);
		let each = check / u32::from(members);
		println!("{members} | {} | {whole:?} | {ticket:?} | {check:?} | {each:?}", good.encoded_size());
	}
}
