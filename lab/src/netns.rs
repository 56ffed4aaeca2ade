//! Network namespaces and TAP devices: the only file of this crate that talks to the kernel directly.
#![allow(unsafe_code)] // setns, TUNSETIFF, ppoll and the timer slack have no safe form in the standard library.

use anyhow::{ensure, Context, Result};
use std::{
	fs::{File, OpenOptions},
	io,
	os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
	time::Duration,
};

/// Moves the calling thread into a namespace made with `ip netns add`.
pub fn enter(namespace: &str) -> Result<()> {
	let path = format!("/run/netns/{namespace}");
	let file = File::open(&path).with_context(|| format!("no namespace {path}"))?;
	// SAFETY: the descriptor is open; the call changes the calling thread only.
	let done = unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) };
	ensure!(done == 0, "setns {path}: {}", io::Error::last_os_error());
	Ok(())
}

/// Runs `work` on a thread of its own inside a namespace.
pub fn within<T: Send>(namespace: &str, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
	std::thread::scope(|scope| {
		let thread = scope.spawn(|| {
			enter(namespace)?;
			work()
		});
		thread.join().map_err(|_| anyhow::anyhow!("thread in {namespace} panicked"))?
	})
}

/// Makes a TAP device in a namespace. It lives as long as the file is open; reads and writes are whole frames and
/// never block.
///
/// Without a header for offloads the kernel hands over segmented frames with whole checksums.
pub fn tap(namespace: &str, name: &str) -> Result<File> {
	ensure!(!name.is_empty() && name.len() < libc::IFNAMSIZ, "device name {name} is too long");
	within(namespace, || {
		let file = OpenOptions::new()
			.read(true)
			.write(true)
			.custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
			.open("/dev/net/tun")
			.context("/dev/net/tun")?;
		// SAFETY: all zeroes is a valid value of this plain structure.
		let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
		for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
			*to = from as libc::c_char;
		}
		request.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short;
		// SAFETY: the descriptor is open and the pointer is to a live ifreq, which is what TUNSETIFF takes.
		let done = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF as _, &mut request) };
		ensure!(done >= 0, "TUNSETIFF {name}: {}", io::Error::last_os_error());
		Ok(file)
	})
}

/// Makes the calling thread's timers as precise as the kernel can.
pub fn precise_timers() {
	// SAFETY: takes a number, changes the calling thread only.
	unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}

/// Waits until one of two files can be read or the time is over; for ever without one.
pub fn wait_readable(files: [&File; 2], timeout: Option<Duration>) {
	let mut fds = files.map(|file| libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 });
	let time = timeout.map(|time| libc::timespec {
		tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
		tv_nsec: time.subsec_nanos().into(),
	});
	let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
	// SAFETY: both pointers are to live values, and the count is the array's length. An interrupted wait is a wait
	// that ended early, which every caller allows for.
	unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, time, std::ptr::null()) };
}
