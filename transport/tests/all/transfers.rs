use std::{net::UdpSocket, path::Path, time::Duration};
use substation_store::{
	blobs::{BlobError, BlobStore},
	hashing::Commitment,
	incoming::{Incoming, IncomingFiles},
	progress::Progress,
};
use substation_transport::{
	offer::{OfferReceiver, OfferReply},
	transfer::{endpoint_addr, TransferError, Transport, TransportConfig},
};

const LENGTH: usize = 8 << 20;

async fn start(folder: &Path) -> (Transport, OfferReceiver, BlobStore) {
	let blobs = BlobStore::open(&folder.join("blobs")).unwrap();
	let (transport, offers) = Transport::start(config(folder), blobs.clone()).await.unwrap();
	(transport, offers, blobs)
}

fn config(folder: &Path) -> TransportConfig {
	TransportConfig {
		key_file: folder.join("endpoint.key"),
		bind: vec!["127.0.0.1:0".parse().unwrap()],
		advertise: Vec::new(),
	}
}

fn address(transport: &Transport) -> iroh::EndpointAddr {
	endpoint_addr(&transport.id(), &transport.addresses()).unwrap()
}

/// A file that `blobs` serves where it lies.
fn served(folder: &Path, blobs: &BlobStore, content: &[u8]) -> Commitment {
	let file = folder.join("file");
	let commitment = crate::committed(&file, content);
	blobs.serve_file(&file, &file.with_extension("obao4"), commitment);
	commitment
}

fn is_same(blobs: &BlobStore, commitment: Commitment, content: &[u8]) -> bool {
	let outboard = bao_tree::io::outboard::PreOrderMemOutboard::create(content, bao_tree::BlockSize::from_chunk_log(4));
	std::fs::read(blobs.path(&commitment.root, "data")).unwrap() == content
		&& std::fs::read(blobs.path(&commitment.root, "obao4")).unwrap() == outboard.data
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_brings_a_file_and_anybody_fetches_it_back() {
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (customer, _, own) = start(here.path()).await;
	let (provider, mut offers, store) = start(there.path()).await;
	for length in [1, 16 << 10, (16 << 10) + 1, LENGTH + 77] {
		let content = crate::bytes(length, 1);
		let commitment = served(here.path(), &own, &content);

		let silent = Progress::silent();
		let bring = customer.offer(address(&provider), 9, commitment, &silent);
		let take = async {
			let offer = offers.recv().await.unwrap();
			assert_eq!((offer.deal, offer.content, offer.endpoint), (9, commitment, customer.id()));
			offer.pull(&store, &Progress::silent()).await.unwrap();
			offer.reply(OfferReply::Stored).await;
		};
		let (brought, ()) = tokio::join!(bring, take);

		brought.unwrap();
		assert!(is_same(&store, commitment, &content));

		let target = here.path().join("back");
		customer.fetch(address(&provider), commitment, &target, &Progress::silent()).await.unwrap();
		assert_eq!(std::fs::read(&target).unwrap(), content);
		let left = std::fs::read_dir(here.path()).unwrap();
		assert!(!left.into_iter().any(|item| item.unwrap().file_name().to_string_lossy().starts_with("back.")));
	}
	customer.shutdown().await;
	provider.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_customer_with_its_reason() {
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (customer, _, own) = start(here.path()).await;
	let (provider, mut offers, _) = start(there.path()).await;
	let commitment = served(here.path(), &own, &crate::bytes(5_000, 2));

	let silent = Progress::silent();
	let bring = customer.offer(address(&provider), 9, commitment, &silent);
	let take = async { offers.recv().await.unwrap().reply(OfferReply::Refused("no such deal".to_owned())).await };
	let (brought, ()) = tokio::join!(bring, take);

	assert!(matches!(brought, Err(TransferError::Refused(reason)) if reason == "no such deal"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_transfer_goes_on_where_it_was() {
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (source, _, own) = start(here.path()).await;
	let (sink, _, store) = start(there.path()).await;
	let content = crate::bytes(LENGTH, 3);
	let commitment = served(here.path(), &own, &content);
	// The second half is damaged at the source: the transfer breaks off there.
	let file = here.path().join("file");
	let mut broken = content.clone();
	broken[LENGTH / 2 + 5] ^= 1;
	std::fs::write(&file, &broken).unwrap();

	let first = sink.pull(address(&source), commitment, &Progress::silent()).await;
	assert!(first.is_err());
	assert!(!store.contains(&commitment.root, commitment.length));
	std::fs::write(&file, &content).unwrap();
	let progress = Progress::silent();
	let incoming = store.begin(&commitment.root, commitment.length).unwrap();
	let kept = incoming.resume_from();
	drop(incoming);
	store.abandon(&commitment.root, commitment.length);
	sink.pull(address(&source), commitment, &progress).await.unwrap();

	assert!(kept > 0 && kept <= (LENGTH / 2) as u64, "kept {kept}");
	assert_eq!(progress.done(), LENGTH as u64);
	assert!(is_same(&store, commitment, &content));
}

// 15
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_another_length_loses_nothing_of_what_has_arrived() {
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (source, _, own) = start(here.path()).await;
	let (sink, _, _) = start(there.path()).await;
	let content = crate::bytes(LENGTH, 5);
	let commitment = served(here.path(), &own, &content);
	let (file, target) = (here.path().join("file"), there.path().join("target"));
	let mut broken = content.clone();
	broken[LENGTH / 2 + 5] ^= 1;
	std::fs::write(&file, &broken).unwrap();
	// What has the name of a part is not one.
	std::fs::write(there.path().join("target.7.part"), b"another file").unwrap();
	let fetch = |length| {
		let (sink, from, target) = (sink.clone(), address(&source), target.clone());
		async move { sink.fetch(from, Commitment { length, ..commitment }, &target, &Progress::silent()).await }
	};
	assert!(fetch(commitment.length).await.is_err());

	let error = fetch(commitment.length + 1).await.unwrap_err();
	assert!(matches!(error, TransferError::WrongSize { .. }), "{error}");

	let files = IncomingFiles { data: target.clone(), outboard: None };
	let kept = Incoming::begin(files, commitment.root, commitment.length).unwrap().resume_from();
	assert!(kept > 0, "nothing is kept");
	std::fs::write(&file, &content).unwrap();
	fetch(commitment.length).await.unwrap();
	assert_eq!(std::fs::read(&target).unwrap(), content);
	let left = std::fs::read_dir(there.path()).unwrap().map(|item| item.unwrap().file_name());
	let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("target.")).collect();
	assert_eq!(left, ["target.7.part"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_with_another_length_or_nothing_is_named() {
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (source, _, own) = start(here.path()).await;
	let (sink, _, _) = start(there.path()).await;
	let commitment = served(here.path(), &own, &crate::bytes(50_000, 4));

	let longer = Commitment { length: commitment.length + 1, ..commitment };
	let error = sink.pull(address(&source), longer, &Progress::silent()).await.unwrap_err();
	assert!(matches!(error, TransferError::WrongSize { claimed: 50_000, expected: 50_001 }), "{error}");

	let unknown = Commitment { root: [8; 32], ..commitment };
	let error = sink.pull(address(&source), unknown, &Progress::silent()).await.unwrap_err();
	assert!(matches!(error, TransferError::NotThere(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_a_silent_peer_and_a_small_disk_are_named() {
	let folder = tempfile::tempdir().unwrap();
	let (transport, _, store) = start(folder.path()).await;

	let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
	let bind = vec![taken.local_addr().unwrap()];
	let other = TransportConfig { bind, ..config(folder.path()) };
	let error = Transport::start(other, store.clone()).await.map(drop).unwrap_err();
	assert!(matches!(error, TransferError::PortTaken(_)), "{error}");

	let nobody = iroh::SecretKey::generate().public();
	let peer = endpoint_addr(nobody.as_bytes(), &[taken.local_addr().unwrap().to_string()]).unwrap();
	let content = Commitment { root: [1; 32], length: 10 };
	let silent = Progress::silent();
	let pull = transport.pull(peer, content, &silent);
	let error = tokio::time::timeout(Duration::from_secs(60), pull).await.unwrap().unwrap_err();
	assert!(matches!(error, TransferError::Unreachable { .. }), "{error}");

	assert!(matches!(store.begin(&[1; 32], 1 << 46), Err(BlobError::NoRoom(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_keeps_its_id_and_hides_its_key() {
	use std::os::unix::fs::PermissionsExt;
	let folder = tempfile::tempdir().unwrap();
	let (first, _, _) = start(folder.path()).await;
	let id = first.id();
	first.shutdown().await;

	let (second, _, _) = start(folder.path()).await;

	assert_eq!(second.id(), id);
	let mode = std::fs::metadata(folder.path().join("endpoint.key")).unwrap().permissions().mode();
	assert_eq!(mode & 0o777, 0o600);
}
