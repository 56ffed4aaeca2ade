//! A data folder: its configuration file, the agent's key, and which chain it belongs to.

use crate::{bandwidth::limits::BandwidthConfig, cli::Common, payments::terms::Delivery};
use anyhow::{bail, Context, Result};
use iroh::SecretKey;
use serde::{Deserialize, Serialize};
use std::{
	fs,
	net::SocketAddr,
	path::{Path, PathBuf},
};
use substation_client::AccountId;
use substation_proofs::Hash;
use substation_store::disk;
use substation_transport::secret::{self, SecretError};

/// Where a node of the chain is expected.
pub const DEFAULT_RPC: &str = "ws://127.0.0.1:9944";

/// What `config.toml` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
	/// WebSocket address of a node of the chain.
	pub rpc: String,
	/// Hash of the chain's first block, in hex: this folder serves no other chain.
	pub genesis: Option<String>,
	/// This machine's number on the chain.
	pub node: Option<u64>,
	/// The account that owns the node: this machine serves no other.
	pub operator: Option<AccountId>,
	/// Addresses to listen on for peers.
	pub listen: Vec<SocketAddr>,
	/// Addresses under which peers reach this machine, besides those it finds itself.
	pub advertise: Vec<SocketAddr>,
	/// Loopback address of the local HTTP interface.
	pub http: SocketAddr,
	/// Bytes of proposals not yet accepted that one customer may make this machine fetch. If nothing is said, half of what
	/// the node still offers, and 64 GiB where so much is free.
	pub unaccepted_bytes_per_customer: Option<u64>,
	/// Whether this process submits proofs. Off when the worker of a full node does.
	pub prove: bool,
	/// What tests of other machines' lines may take of this one's.
	pub bandwidth: BandwidthConfig,
	/// What this machine takes for delivering.
	pub delivery: Delivery,
}

impl Default for Config {
	fn default() -> Self {
		Self {
			rpc: DEFAULT_RPC.into(),
			genesis: None,
			node: None,
			operator: None,
			listen: vec![SocketAddr::from(([0, 0, 0, 0], 4550))],
			advertise: Vec::new(),
			http: SocketAddr::from(([127, 0, 0, 1], 9950)),
			unaccepted_bytes_per_customer: None,
			prove: true,
			bandwidth: BandwidthConfig::default(),
			delivery: Delivery::default(),
		}
	}
}

impl Config {
	/// The genesis hash that the folder belongs to.
	pub fn genesis(&self) -> Result<Option<Hash>> {
		let Some(text) = &self.genesis else { return Ok(None) };
		let hash = substation_client::amounts::parse_hash(text);
		hash.map(Some)
			.map_err(|_| anyhow::anyhow!("`genesis` in config.toml is no hash: `{text}`; run `substation init` anew"))
	}
}

/// A data folder on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
	/// The provider's folder that the options name, or the default one.
	pub fn provider(common: &Common) -> Result<Self> {
		match &common.data {
			Some(path) => Ok(Self(path.clone())),
			None => Ok(Self(default_root()?)),
		}
	}

	/// The customer's folder that the options name, or the default one. Never the provider's: two processes must not
	/// share one folder.
	pub fn customer(common: &Common) -> Result<Self> {
		match &common.data {
			Some(path) => Ok(Self(path.clone())),
			None => Ok(Self(default_root()?.join("customer"))),
		}
	}

	/// The folder at a path.
	pub fn at(path: &Path) -> Self {
		Self(path.to_owned())
	}

	/// Where it is.
	pub fn path(&self) -> &Path {
		&self.0
	}

	/// The configuration file.
	pub fn config_file(&self) -> PathBuf {
		self.0.join("config.toml")
	}

	/// The agent's secret key.
	pub fn key_file(&self) -> PathBuf {
		self.0.join("agent.key")
	}

	/// A file in the folder.
	pub fn file(&self, name: &str) -> PathBuf {
		self.0.join(name)
	}

	/// Creates the folder, readable by its owner only.
	pub fn create(&self) -> Result<()> {
		fs::create_dir_all(&self.0).with_context(|| format!("cannot create the data folder {}", self.0.display()))?;
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;
			fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))
				.with_context(|| format!("cannot make {} private", self.0.display()))?;
		}
		Ok(())
	}

	/// The configuration. Errors when there is none: the folder was not prepared.
	pub fn config(&self) -> Result<Config> {
		match self.find_config()? {
			Some(config) => Ok(config),
			None => bail!("{} is no prepared data folder; run `substation init` first", self.0.display()),
		}
	}

	/// The configuration, `None` if there is none yet.
	pub fn find_config(&self) -> Result<Option<Config>> {
		let file = self.config_file();
		match fs::read_to_string(&file) {
			Ok(text) => {
				toml::from_str(&text).map(Some).with_context(|| format!("cannot understand {}", file.display()))
			}
			Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
			Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
		}
	}

	/// Replaces the configuration file in one step.
	pub fn write_config(&self, config: &Config) -> Result<()> {
		let text = toml::to_string_pretty(config).context("cannot write the configuration")?;
		self.replace("config.toml", text.as_bytes())
	}

	/// Replaces a file of the folder in one step, durably.
	pub fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
		let target = self.file(name);
		disk::write_durably(&target, content).with_context(|| format!("cannot write {}", target.display()))
	}

	/// The agent's key. Errors when it is missing, malformed, or others may read it.
	pub fn agent_key(&self) -> Result<SecretKey> {
		match secret::machine_key(&self.key_file()) {
			Err(SecretError::Missing(path)) => {
				bail!("there is no agent key {}; run `substation init` first", path.display())
			}
			key => Ok(key?),
		}
	}

	/// The agent's key, created if missing.
	pub fn agent_key_or_new(&self) -> Result<SecretKey> {
		Ok(secret::machine_key_or_new(&self.key_file())?)
	}
}

fn default_root() -> Result<PathBuf> {
	if let Some(data) = std::env::var_os("XDG_DATA_HOME").filter(|path| !path.is_empty()) {
		return Ok(PathBuf::from(data).join("substation"));
	}
	let home = std::env::var_os("HOME").filter(|path| !path.is_empty());
	let home = home.context("there is no HOME folder; name a data folder with --data")?;
	Ok(PathBuf::from(home).join(".local/share/substation"))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn folder() -> (tempfile::TempDir, Folder) {
		let temporary = tempfile::tempdir().unwrap();
		let folder = Folder(temporary.path().join("data"));
		folder.create().unwrap();
		(temporary, folder)
	}

	#[test]
	fn configuration_survives_a_round_trip() {
		let (_guard, folder) = folder();
		let config = Config {
			genesis: Some("ab".repeat(32)),
			node: Some(7),
			operator: Some(AccountId::from([3; 32])),
			advertise: vec!["203.0.113.7:4550".parse().unwrap()],
			prove: false,
			..Config::default()
		};

		folder.write_config(&config).unwrap();

		assert_eq!(folder.config().unwrap(), config);
		assert_eq!(config.genesis().unwrap(), Some([0xab; 32]));
	}

	#[test]
	fn missing_values_take_their_defaults_and_unknown_ones_are_errors() {
		let (_guard, folder) = folder();

		fs::write(folder.config_file(), "node = 3").unwrap();
		assert_eq!(folder.config().unwrap(), Config { node: Some(3), ..Config::default() });

		fs::write(folder.config_file(), "nodes = 3").unwrap();
		assert!(folder.config().is_err());
	}

	// 0.2
	#[test]
	fn folders_of_older_releases_keep_the_cap_that_they_name_and_new_ones_name_none() {
		let (_guard, folder) = folder();

		fs::write(folder.config_file(), "unaccepted_bytes_per_customer = 68719476736").unwrap();
		assert_eq!(folder.config().unwrap().unaccepted_bytes_per_customer, Some(64 << 30));

		folder.write_config(&Config::default()).unwrap();
		assert!(!fs::read_to_string(folder.config_file()).unwrap().contains("unaccepted_bytes"));
		assert_eq!(folder.config().unwrap().unaccepted_bytes_per_customer, None);
	}

	#[test]
	fn unprepared_folder_says_what_to_do() {
		let (_guard, folder) = folder();

		assert!(folder.config().unwrap_err().to_string().contains("substation init"));
		assert!(folder.agent_key().unwrap_err().to_string().contains("substation init"));
	}
}
