//! Which node this machine serves: the one that the chain says its key serves, of the operator that its key has signed for.

use anyhow::{ensure, Result};
use substation_client::{client::NodeView, AccountId, BlockHash, Chain, ChainError};
use substation_primitives::NodeId;

/// What tells this machine's node from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
	/// The key with which the agent signs.
	pub agent: [u8; 32],
	/// The account that it has signed for; `None` if for nobody.
	pub operator: Option<AccountId>,
}

/// Why a node is not this machine's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
	/// Its record names another key.
	#[error(
		"node {node} is served by the agent {theirs}, and this data folder has the key of {ours}; nothing is accepted or \
		 deleted: put the agent.key of the other one here, or sign registry.setAgent for this one"
	)]
	OtherAgent {
		/// The node.
		node: NodeId,
		/// The key in its record, in hex.
		theirs: String,
		/// This machine's, in hex.
		ours: String,
	},
	/// It belongs to another operator than this machine was told.
	#[error(
		"node {node}, which names this machine's key, belongs to {owner}; this data folder is for the operator {pinned}: if \
		 {owner} is right, run `substation init --operator {owner}`"
	)]
	OtherOperator {
		/// The node.
		node: NodeId,
		/// Who owns it.
		owner: AccountId,
		/// Who was named.
		pinned: AccountId,
	},
	/// This machine has signed for nobody: somebody else has its key.
	#[error(
		"node {node}, which names this machine's key, belongs to {owner}, and this data folder is for no operator yet: if \
		 {owner} is right, run `substation init --operator {owner}`; if not, somebody else has the key: make another data \
		 folder"
	)]
	NoOperator {
		/// The node.
		node: NodeId,
		/// Who owns it.
		owner: AccountId,
	},
}

/// Why this machine's node was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
	/// The chain.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// There is one, and it must not be served.
	#[error(transparent)]
	NotOurs(#[from] NotOurs),
}

impl Identity {
	/// The node that the agent's key serves in the final state, as [`Self::find`] finds it.
	pub async fn find_final(&self, chain: &Chain) -> Result<Option<NodeView>, FindError> {
		// In a state of long ago the key may have served another node, and what is found now is kept for good.
		if chain.is_syncing().await? {
			let what = "to say which node has this machine's key".to_owned();
			return Err(ChainError::Refused { what, reason: "it is syncing".to_owned() }.into());
		}
		self.find(chain, chain.finalised().await?).await
	}

	/// The node that the agent's key serves at a block, `None` if none does. Errors when it cannot be told from one that a
	/// stranger has made.
	pub async fn find(&self, chain: &Chain, block: BlockHash) -> Result<Option<NodeView>, FindError> {
		let Some(node) = chain.node_of_agent(&self.agent, block).await? else { return Ok(None) };
		let Some(page) = chain.node(node, block).await? else { return Ok(None) };
		self.ensure_ours(&page)?;
		match self.operator {
			Some(_) => Ok(Some(page)),
			None => Err(NotOurs::NoOperator { node: page.id, owner: page.operator }.into()),
		}
	}

	/// Errors when a node, which may have been this machine's before, is not or no longer.
	pub fn ensure_ours(&self, page: &NodeView) -> Result<(), NotOurs> {
		let node = page.id;
		if page.agent != self.agent {
			let [theirs, ours] = [page.agent, self.agent].map(hex::encode);
			return Err(NotOurs::OtherAgent { node, theirs, ours });
		}
		match self.operator.filter(|pinned| *pinned != page.operator) {
			Some(pinned) => Err(NotOurs::OtherOperator { node, owner: page.operator, pinned }),
			None => Ok(()),
		}
	}
}

/// The node of a data folder, by its journal and its configuration. Errors when the two differ.
pub fn recorded(journal: Option<u64>, config: Option<u64>) -> Result<Option<NodeId>> {
	if let (Some(journal), Some(config)) = (journal, config) {
		ensure!(
			journal == config,
			"the journal of this data folder is node {journal}'s, and its config.toml names node {config}; write the right \
			 number there, or name the other folder with --data"
		);
	}
	Ok(journal.or(config).map(NodeId))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::provider::testing::{connect, node};
	use codec::Encode;
	use substation_fake_node::FakeNode;

	fn ours() -> Identity {
		Identity { agent: node().agent, operator: Some(node().operator) }
	}

	/// What a machine finds on a chain where its key serves this node.
	async fn found(identity: Identity, page: &NodeView) -> Result<Option<NodeView>, FindError> {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		fake.serve("node_of_agent", Some(page.id).encode());
		fake.serve("node_page", Some(page).encode());
		identity.find(&chain, chain.best().await.unwrap()).await
	}

	fn refused(found: Result<Option<NodeView>, FindError>) -> NotOurs {
		match found {
			Err(FindError::NotOurs(reason)) => reason,
			other => panic!("{other:?}"),
		}
	}

	// 2
	#[tokio::test]
	async fn a_machine_serves_the_node_of_the_operator_that_it_was_told() {
		assert_eq!(found(ours(), &node()).await.unwrap(), Some(node()));

		let (owner, pinned) = (node().operator, AccountId::from([9; 32]));
		let reason = refused(found(Identity { operator: Some(pinned), ..ours() }, &node()).await);

		assert_eq!(reason, NotOurs::OtherOperator { node: node().id, owner, pinned });
		for part in ["node 1", &owner.to_string(), &pinned.to_string(), "init --operator"] {
			assert!(reason.to_string().contains(part), "{reason}");
		}
	}

	// 2: who has the key, and nobody else, can have registered it.
	#[tokio::test]
	async fn a_machine_that_has_signed_for_nobody_adopts_no_node() {
		let reason = refused(found(Identity { operator: None, ..ours() }, &node()).await);

		assert_eq!(reason, NotOurs::NoOperator { node: node().id, owner: node().operator });
	}

	// 2
	#[tokio::test]
	async fn of_two_nodes_the_one_whose_record_names_another_key_is_not_taken() {
		let second = NodeView { id: NodeId(7), agent: [9; 32], ..node() };

		let reason = refused(found(ours(), &second).await);

		assert!(matches!(reason, NotOurs::OtherAgent { node: NodeId(7), .. }), "{reason}");
		assert_eq!(ours().ensure_ours(&second), Err(reason));
	}

	// 2
	#[tokio::test]
	async fn a_node_that_syncs_does_not_say_which_node_this_machine_is() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		fake.serve("node_of_agent", Some(node().id).encode());
		fake.serve("node_page", Some(node()).encode());

		fake.syncs(true);
		let error = ours().find_final(&chain).await.unwrap_err();
		assert!(matches!(error, FindError::Chain(ChainError::Refused { .. })), "{error}");

		fake.syncs(false);
		assert_eq!(ours().find_final(&chain).await.unwrap(), Some(node()));
	}

	#[tokio::test]
	async fn a_key_that_serves_no_node_finds_none() {
		let fake = FakeNode::new();
		let chain = connect(&fake).await.unwrap();
		fake.serve("node_of_agent", None::<NodeId>.encode());

		assert_eq!(ours().find(&chain, chain.best().await.unwrap()).await.unwrap(), None);
	}

	#[test]
	fn a_folder_of_an_earlier_release_goes_on_with_its_node() {
		assert_eq!(Identity { operator: None, ..ours() }.ensure_ours(&node()), Ok(()));
	}

	// 2
	#[test]
	fn a_folder_is_of_one_node() {
		assert_eq!(recorded(Some(3), Some(3)).unwrap(), Some(NodeId(3)));
		assert_eq!(recorded(None, Some(3)).unwrap(), recorded(Some(3), None).unwrap());
		assert_eq!(recorded(None, None).unwrap(), None);

		let error = recorded(Some(3), Some(4)).unwrap_err().to_string();
		assert!(error.contains("node 3's") && error.contains("names node 4"), "{error}");
	}
}
