//! Prints what a chain knows of a node: `cargo run --example node -- ws://127.0.0.1:9944 1`.

use std::error::Error;
use substation_client::{Chain, Patience};
use substation_primitives::NodeId;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
	let mut arguments = std::env::args().skip(1);
	let (Some(url), Some(number)) = (arguments.next(), arguments.next()) else {
		return Err("usage: node URL NUMBER".into());
	};
	let chain = Chain::connect(&url, None, Patience::COMMAND).await?;
	let best = chain.best().await?;
	match chain.node(NodeId(number.parse()?), best).await? {
		Some(node) => println!("{} deals, {} bytes, {} strikes", node.deals, node.bytes, node.strikes),
		None => println!("there is no such node"),
	}
	Ok(())
}
