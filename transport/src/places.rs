//! Places for peers that have dialled: so many in a room, so many of them for one peer.
//!
//! An endpoint's id costs nothing, so a bound for one peer keeps no crowd away. Hence a stranger who comes into a full
//! room gets the place of the one who has been there longest without showing what for, of those who came from where most
//! come from: a crowd from one network displaces only itself. Whoever shows something (a channel, a proposal on the
//! chain, a test that it is drawn for) holds the place, and no stranger gets it.

use crate::{
	refused::{self, Refused},
	source::{first_of_busiest, Source},
};
use iroh::{
	endpoint::{Connection, VarInt},
	EndpointId,
};
use parking_lot::{Mutex, MutexGuard};
use std::{
	collections::{BTreeMap, HashMap},
	future::Future,
	sync::Arc,
};
use tokio::sync::Notify;

/// What is said to whom there is no place for.
const FULL: &[u8] = b"too many connections; try again later";

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Room {
	/// Connections that have shown nothing.
	pub strangers: usize,
	/// Connections that have.
	pub known: usize,
	/// Connections of one peer, of either kind.
	pub per_peer: usize,
	/// With which a connection is closed that has no place.
	pub code: VarInt,
}

/// The places of one protocol. Clones share them.
#[derive(Clone, Debug)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	room: Room,
	refused: Refused,
	guests: Mutex<Guests>,
}

/// In the order in which they came.
#[derive(Debug, Default)]
struct Guests {
	next: u64,
	all: BTreeMap<u64, Guest>,
}

#[derive(Debug)]
struct Guest {
	peer: EndpointId,
	source: Source,
	holds: usize,
	leave: Arc<Notify>,
}

impl Places {
	/// Nobody is here.
	pub fn new(room: Room, refused: Refused) -> Self {
		Self(Arc::new(Inner { room, refused, guests: Mutex::default() }))
	}

	/// A place for a connection. Without one the connection is closed.
	pub fn enter(&self, connection: &Connection) -> Option<Arc<Place>> {
		let place = self.take(connection.remote_id(), Source::of(connection));
		if place.is_none() {
			self.turn_away(connection);
		}
		place.map(Arc::new)
	}

	/// The same for a peer that is known before it says anything.
	pub fn enter_known(&self, connection: &Connection) -> Option<(Arc<Place>, Hold)> {
		let place = self.take_known(connection.remote_id(), Source::of(connection));
		if place.is_none() {
			self.turn_away(connection);
		}
		place.map(|(place, hold)| (Arc::new(place), hold))
	}

	/// Takes the place of a stranger, if there is no other.
	fn take(&self, peer: EndpointId, source: Source) -> Option<Place> {
		let Inner { room, refused, .. } = &*self.0;
		let mut guests = self.guests();
		if guests.of(&peer) >= room.per_peer {
			refused.count(refused::PEER);
			return None;
		}
		if guests.strangers() >= room.strangers {
			let Some(displaced) = guests.to_be_displaced() else {
				refused.count(refused::ROOM);
				return None;
			};
			if let Some(guest) = guests.all.remove(&displaced) {
				refused.count(refused::DISPLACED);
				guest.leave.notify_one();
			}
		}
		Some(self.seat(&mut guests, (peer, source), 0))
	}

	fn take_known(&self, peer: EndpointId, source: Source) -> Option<(Place, Hold)> {
		let Inner { room, refused, .. } = &*self.0;
		let mut guests = self.guests();
		if guests.of(&peer) >= room.per_peer {
			refused.count(refused::PEER);
			return None;
		}
		if guests.known() >= room.known {
			refused.count(refused::ROOM);
			return None;
		}
		let place = self.seat(&mut guests, (peer, source), 1);
		let hold = Hold { places: self.clone(), number: place.number };
		Some((place, hold))
	}

	fn seat(&self, guests: &mut Guests, (peer, source): (EndpointId, Source), holds: usize) -> Place {
		let number = guests.next;
		guests.next = number.saturating_add(1);
		let leave = Arc::new(Notify::new());
		guests.all.insert(number, Guest { peer, source, holds, leave: leave.clone() });
		Place { places: self.clone(), number, leave }
	}

	fn turn_away(&self, connection: &Connection) {
		connection.close(self.0.room.code, FULL);
	}

	// Single operations on whole entries: a panic elsewhere cannot have left it half-way.
	fn guests(&self) -> MutexGuard<'_, Guests> {
		self.0.guests.lock()
	}
}

impl Guests {
	fn of(&self, peer: &EndpointId) -> usize {
		self.all.values().filter(|guest| guest.peer == *peer).count()
	}

	fn strangers(&self) -> usize {
		self.all.values().filter(|guest| guest.holds == 0).count()
	}

	fn known(&self) -> usize {
		self.all.len().saturating_sub(self.strangers())
	}

	/// The stranger who has been here longest, of those who came from where most strangers did.
	fn to_be_displaced(&self) -> Option<u64> {
		let strangers = self.all.iter().filter(|(_, guest)| guest.holds == 0);
		first_of_busiest(strangers.map(|(number, guest)| (*number, guest.source)))
	}
}

/// A connection's place, free again when dropped.
#[derive(Debug)]
pub struct Place {
	places: Places,
	number: u64,
	leave: Arc<Notify>,
}

impl Place {
	/// Keeps the place from strangers for as long as this is held. `None` if too many are kept, or if it is gone already.
	pub fn hold(&self) -> Option<Hold> {
		let mut guests = self.places.guests();
		let known = guests.known();
		let guest = guests.all.get_mut(&self.number)?;
		if guest.holds == 0 && known >= self.places.0.room.known {
			return None;
		}
		guest.holds = guest.holds.saturating_add(1);
		Some(Hold { places: self.places.clone(), number: self.number })
	}

	/// Works until the place is needed for somebody else. The connection is closed then.
	pub async fn during<T>(&self, connection: &Connection, work: impl Future<Output = T>) -> Option<T> {
		tokio::select! {
			done = work => Some(done),
			() = self.leave.notified() => {
				self.places.turn_away(connection);
				None
			}
		}
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		self.places.guests().all.remove(&self.number);
	}
}

/// Keeps a place from strangers until it is dropped.
#[derive(Debug)]
pub struct Hold {
	places: Places,
	number: u64,
}

impl Drop for Hold {
	fn drop(&mut self) {
		if let Some(guest) = self.places.guests().all.get_mut(&self.number) {
			guest.holds = guest.holds.saturating_sub(1);
		}
	}
}

/// How many there are of something, at one time.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
	/// For all.
	pub all: usize,
	/// Of them, those for one peer.
	pub per_peer: usize,
	/// Of them, those for peers that have dialled from one network.
	pub per_source: usize,
}

/// So many at one time, and so many of them for one peer and for one network. Clones share them.
#[derive(Clone, Debug)]
pub struct Quota(Arc<Stock>);

/// A peer, and where it has dialled from; nowhere if this side has dialled it.
type Taker = (EndpointId, Option<Source>);

#[derive(Debug)]
struct Stock {
	shares: Shares,
	taken: Mutex<HashMap<Taker, usize>>,
}

impl Quota {
	/// None is taken.
	pub fn new(shares: Shares) -> Self {
		Self(Arc::new(Stock { shares, taken: Mutex::default() }))
	}

	/// Takes one for a peer, if there is one for it. A network that is not named has no bound.
	pub fn take(&self, peer: EndpointId, source: Option<Source>) -> Option<Taken> {
		let Shares { all, per_peer, per_source } = self.0.shares;
		let mut taken = self.taken();
		let sum = |counts: &dyn Fn(&Taker) -> bool| {
			let counted = taken.iter().filter(|(taker, _)| counts(taker));
			counted.fold(0usize, |sum, (_, count)| sum.saturating_add(*count))
		};
		let is_crowded = source.is_some() && sum(&|(_, from)| *from == source) >= per_source;
		if is_crowded || sum(&|_| true) >= all || sum(&|(other, _)| *other == peer) >= per_peer {
			return None;
		}
		let taker = (peer, source);
		let own = taken.entry(taker).or_default();
		*own = own.saturating_add(1);
		Some(Taken { quota: self.clone(), taker })
	}

	/// How many are taken.
	#[cfg(test)]
	pub fn count(&self) -> usize {
		self.taken().values().sum()
	}

	fn taken(&self) -> MutexGuard<'_, HashMap<Taker, usize>> {
		self.0.taken.lock()
	}
}

/// One of a quota, given back when dropped.
#[derive(Debug)]
pub struct Taken {
	quota: Quota,
	taker: Taker,
}

impl Drop for Taken {
	fn drop(&mut self) {
		let mut taken = self.quota.taken();
		if let Some(count) = taken.get_mut(&self.taker) {
			*count = count.saturating_sub(1);
			if *count == 0 {
				taken.remove(&self.taker);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use iroh::SecretKey;
	use std::time::Duration;

	fn peers(count: u8) -> Vec<EndpointId> {
		(1..=count).map(|number| SecretKey::from_bytes(&[number; 32]).public()).collect()
	}

	fn places(strangers: usize, known: usize, per_peer: usize) -> Places {
		let room = Room { strangers, known, per_peer, code: VarInt::from_u32(1) };
		Places::new(room, Refused::default())
	}

	async fn must_leave(place: &Place) -> bool {
		tokio::time::timeout(Duration::from_millis(20), place.leave.notified()).await.is_ok()
	}

	#[tokio::test]
	async fn a_newcomer_gets_the_place_of_the_stranger_who_was_there_longest() {
		let (places, peers) = (places(2, 2, 1), peers(4));
		let [first, second] = [peers[0], peers[1]].map(|peer| places.take(peer, Source::Other).unwrap());

		let third = places.take(peers[2], Source::Other).unwrap();

		assert!(must_leave(&first).await);
		assert!(!must_leave(&second).await && !must_leave(&third).await);
		assert_eq!(places.0.refused.of(refused::DISPLACED), 1);
		drop(first);
		assert_eq!(places.guests().all.len(), 2);
	}

	#[tokio::test]
	async fn a_crowd_from_one_network_displaces_only_itself() {
		let (places, peers) = (places(3, 1, 1), peers(8));
		let at = |last| Source::V4([192, 0, 2, last].into());
		let customer = places.take(peers[0], at(1)).unwrap();

		let crowd: Vec<_> = peers[1..7].iter().map(|peer| places.take(*peer, at(2)).unwrap()).collect();

		assert!(!must_leave(&customer).await);
		for (nth, place) in crowd.iter().enumerate() {
			assert_eq!(must_leave(place).await, nth < 4);
		}
		let other = places.take(peers[7], at(3)).unwrap();
		assert!(must_leave(&crowd[4]).await && !must_leave(&customer).await && !must_leave(&other).await);
	}

	#[tokio::test]
	async fn who_has_shown_something_keeps_the_place() {
		let (places, peers) = (places(1, 1, 1), peers(4));
		let first = places.take(peers[0], Source::Other).unwrap();
		let hold = first.hold().unwrap();

		let second = places.take(peers[1], Source::Other).unwrap();
		let third = places.take(peers[2], Source::Other).unwrap();

		assert!(!must_leave(&first).await && must_leave(&second).await);
		assert!(third.hold().is_none(), "one may hold a place");
		drop(hold);
		places.take(peers[3], Source::Other).unwrap();
		assert!(must_leave(&first).await);
		assert!(first.hold().is_none(), "it is gone");
	}

	#[test]
	fn one_peer_has_so_many_places_and_no_more() {
		let (places, peers) = (places(8, 8, 2), peers(2));
		let own =
			[places.take(peers[0], Source::Other).unwrap(), places.take_known(peers[0], Source::Other).unwrap().0];

		assert!(places.take(peers[0], Source::Other).is_none() && places.take_known(peers[0], Source::Other).is_none());
		assert!(places.take(peers[1], Source::Other).is_some());
		assert_eq!(places.0.refused.of(refused::PEER), 2);
		drop(own);
		assert!(places.take(peers[0], Source::Other).is_some());
	}

	#[test]
	fn a_room_full_of_known_peers_refuses_more_of_them() {
		let (places, peers) = (places(1, 1, 1), peers(3));
		let first = places.take_known(peers[0], Source::Other).unwrap();

		assert!(places.take_known(peers[1], Source::Other).is_none());
		let stranger = places.take(peers[2], Source::Other).unwrap();

		assert_eq!(places.0.refused.of(refused::ROOM), 1);
		drop((first, stranger));
		assert!(places.take_known(peers[1], Source::Other).is_some());
	}

	#[test]
	fn a_quota_is_for_all_and_for_each() {
		let (quota, peers) = (Quota::new(Shares { all: 3, per_peer: 2, per_source: 3 }), peers(3));
		let take = |peer: usize| quota.take(peers[peer], Some(Source::Other));
		let own = [take(0).unwrap(), take(0).unwrap()];

		assert!(take(0).is_none());
		let other = take(1).unwrap();
		assert!(take(2).is_none());
		drop(own);
		assert!(take(2).is_some() && quota.taken().len() == 1);
		drop(other);
		assert!(quota.taken().is_empty());
	}

	// M5
	#[test]
	fn a_quota_is_for_each_network_and_for_each_peer_wherever_it_dials_from() {
		let (quota, peers) = (Quota::new(Shares { all: 9, per_peer: 2, per_source: 2 }), peers(6));
		let from = |peer: usize, last| quota.take(peers[peer], Some(Source::V4([192, 0, 2, last].into())));
		let crowd = [from(0, 1).unwrap(), from(1, 1).unwrap()];

		assert!(from(2, 1).is_none(), "another id costs nothing");
		let other = [from(2, 2).unwrap(), from(2, 3).unwrap()];
		assert!(from(2, 4).is_none());
		let dialled: Vec<_> = (3..6).map(|peer| quota.take(peers[peer], None).unwrap()).collect();
		drop(crowd);
		assert!(from(0, 1).is_some());
		drop((other, dialled));
		assert!(quota.taken().is_empty());
	}
}
