//! Descriptors in and out of a Unix socket, beside bytes. `SCM_RIGHTS`, `unix(7)`, `cmsg(3)`.
//!
//! Poll-time memory, as in [`transfer`](super::transfer).

use core::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use bespoke_core::driver::Errno;

use super::address::SockAddr;
use super::call::{count, errno, retry};
use super::transfer::{IoVec, NO_SIGNAL, dont_wait};

/// Descriptors that one message can carry: `SCM_MAX_FD` of Linux.
pub(crate) const DESCRIPTORS_MAX: usize = 253;

/// More descriptors than one message carries, or descriptors without a byte in a stream. `EINVAL`.
pub(crate) const INVALID: Errno = errno(libc::EINVAL);

/// Room for the control part of a message: that of the most descriptors, and of credentials, which come unasked on a socket
/// whose owner has set `SO_PASSCRED`.
///
/// # Invariants
/// 1. All bytes are initialised: they start zeroed, and the kernel only overwrites.
/// 2. It is aligned as the parts' heads are.
#[repr(C, align(8))]
struct Control([u8; CONTROL_LEN]);

// SAFETY: computes a length.
const CONTROL_LEN: usize = unsafe { libc::CMSG_SPACE(RIGHTS_LEN_MAX) } as usize + 64;
const RIGHTS_LEN_MAX: libc::c_uint = (DESCRIPTORS_MAX * size_of::<libc::c_int>()) as libc::c_uint;
const _: () = assert!(align_of::<Control>() >= align_of::<libc::cmsghdr>());

impl Control {
    const fn new() -> Self {
        Control([0; CONTROL_LEN])
    }
}

/// Sends at most `len` bytes at `pointer`, and the descriptors with the first of them; to `to`, or to whom the socket is
/// connected. Of a stream it may take fewer bytes, but always all descriptors. `sendmsg(2)`, `MSG_NOSIGNAL`.
///
/// # Errors
/// As [`send`](super::transfer::send), and as that of [datagrams](super::datagram::send). [`INVALID`]: more than
/// [`DESCRIPTORS_MAX`]. `ETOOMANYREFS`: too many are on their way already.
///
/// # Safety
/// - `pointer` is valid for reads of `len` initialised bytes during the call.
/// - Nothing writes these bytes during the call.
pub(crate) unsafe fn send(
    fd: i32,
    pointer: *const u8,
    len: usize,
    descriptors: &[BorrowedFd<'_>],
    to: Option<&SockAddr>,
    nonblocking: bool,
) -> Result<usize, Errno> {
    if descriptors.len() > DESCRIPTORS_MAX {
        return Err(INVALID);
    }
    let bytes = IoVec::new(pointer.cast_mut(), len);
    let mut control = Control::new();
    let mut message = message(&bytes);
    if let Some(to) = to {
        let (name, name_len) = to.as_raw();
        // The kernel reads the address and does not write it, despite the type.
        message.msg_name = name.cast_mut().cast();
        message.msg_namelen = name_len;
    }
    if !descriptors.is_empty() {
        write_rights(&mut message, &mut control, descriptors);
    }
    let flags = dont_wait(nonblocking) | NO_SIGNAL;
    retry(|| {
        // SAFETY: `message` names `bytes`, which the caller vouches for, `to` and `control`, all of which live during the call.
        let sent = unsafe { libc::sendmsg(fd, &raw const message, flags) };
        count(sent)
    })
}

/// What came with a message.
pub(crate) struct Came {
    /// How many bytes.
    pub(crate) bytes: usize,
    /// How many descriptors; `None`: there were more than places, or than the process may have. All are closed.
    pub(crate) descriptors: Option<usize>,
    /// The sender of a datagram.
    pub(crate) sender: SockAddr,
}

/// Reads at most `len` bytes to `pointer`, and puts the descriptors that came with them into `places`, from the first on, each
/// close-on-exec; what was there is closed. `recvmsg(2)`.
///
/// # Errors
/// As [`recv`](super::transfer::recv).
///
/// # Safety
/// - `pointer` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn recv(
    fd: i32,
    pointer: *mut u8,
    len: usize,
    places: &mut [Option<OwnedFd>],
    nonblocking: bool,
) -> Result<Came, Errno> {
    let bytes = IoVec::new(pointer, len);
    let mut control = Control::new();
    let mut sender = SockAddr::empty();
    let mut message = message(&bytes);
    let got = retry(|| {
        let (name, name_len) = sender.as_raw_mut();
        message.msg_name = name.cast();
        // SAFETY: live, and initialised.
        message.msg_namelen = unsafe { *name_len };
        message.msg_control = (&raw mut control).cast();
        message.msg_controllen = CONTROL_LEN as _;
        // SAFETY: `message` names `bytes`, which the caller vouches for, `sender` and `control`, all of which live and are
        // writable during the call.
        let got = unsafe { libc::recvmsg(fd, &raw mut message, dont_wait(nonblocking) | CLOSE_ON_EXEC) };
        count(got)
    })?;
    sender.set_len(message.msg_namelen);
    let mut came = 0;
    let mut lost = message.msg_flags & libc::MSG_CTRUNC != 0;
    each_right(&message, |descriptor| {
        if let Some(place) = places.get_mut(came) {
            *place = Some(descriptor);
            came += 1;
        } else {
            lost = true; // and the descriptor is closed here
        }
    });
    let rest = if lost { 0 } else { came };
    places[rest..].iter_mut().for_each(|place| *place = None);
    Ok(Came { bytes: got, descriptors: (!lost).then_some(came), sender })
}

/// A message of one stretch, without a name and without control data.
fn message(bytes: &IoVec) -> libc::msghdr {
    let message = MaybeUninit::<libc::msghdr>::zeroed();
    // SAFETY: made of integers and raw pointers, for which zero is a value.
    let mut message = unsafe { message.assume_init() };
    // `IoVec` is transparent over `iovec`. The kernel reads the list and does not write it, despite the type.
    message.msg_iov = core::ptr::from_ref(bytes).cast_mut().cast();
    message.msg_iovlen = 1;
    message
}

/// Makes `control` the control part of `message`: these descriptors, of which there are at most [`DESCRIPTORS_MAX`].
fn write_rights(message: &mut libc::msghdr, control: &mut Control, descriptors: &[BorrowedFd<'_>]) {
    let rights_len = size_of_val(descriptors) as libc::c_uint;
    message.msg_control = core::ptr::from_mut(control).cast();
    // SAFETY: computes a length.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(rights_len) } as _;
    // SAFETY: the control part is set, and has room for a head.
    let head = unsafe { libc::CMSG_FIRSTHDR(&raw const *message) };
    // SAFETY: points into `control`, which is zeroed and aligned (invariants 1 and 2); integers only.
    let part = unsafe { &mut *head };
    part.cmsg_level = libc::SOL_SOCKET;
    part.cmsg_type = libc::SCM_RIGHTS;
    // SAFETY: computes a length.
    part.cmsg_len = unsafe { libc::CMSG_LEN(rights_len) } as _;
    // SAFETY: the part has room for its data behind its head.
    let data = unsafe { libc::CMSG_DATA(head) }.cast::<libc::c_int>();
    for (index, descriptor) in descriptors.iter().enumerate() {
        // SAFETY: in bounds: `CMSG_SPACE` of so many is at most `CONTROL_LEN`.
        let place = unsafe { data.add(index) };
        // SAFETY: as above.
        unsafe { place.write_unaligned(descriptor.as_raw_fd()) };
    }
}

/// Calls `take` with each descriptor that came with a message, which the caller has just received.
fn each_right(message: &libc::msghdr, mut take: impl FnMut(OwnedFd)) {
    if CUT_RIGHTS_ARE_CLOSED && message.msg_flags & libc::MSG_CTRUNC != 0 {
        return;
    }
    each_number(message, |raw| {
        #[cfg(target_vendor = "apple")]
        // It is open, so this cannot fail.
        let _ = super::fd::set_close_on_exec(raw);
        // SAFETY: the kernel has just made it for this process, and nobody else knows it: also in a message that was cut, unless
        // the kernel closes what it made then, of which nothing is taken (above).
        take(unsafe { OwnedFd::from_raw_fd(raw) });
    });
}

/// Calls `take` with the number of each descriptor in the control part of a message.
///
/// Linux writes into the head of a part that was cut how long it is; XNU leaves there how long it was for the sender. So a part
/// ends where the control part does, if that is before.
fn each_number(message: &libc::msghdr, mut take: impl FnMut(libc::c_int)) {
    let end = message.msg_control.addr() + control_len(message);
    // SAFETY: the kernel has set the length of the control part, which is live.
    let mut head = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !head.is_null() {
        // SAFETY: points into the control part, which is initialised and aligned (invariants 1 and 2 of `Control`).
        let part = unsafe { *head };
        if part.cmsg_level == libc::SOL_SOCKET && part.cmsg_type == libc::SCM_RIGHTS {
            // SAFETY: computes a length.
            let head_len = unsafe { libc::CMSG_LEN(0) } as usize;
            // SAFETY: the part's data is behind its head.
            let data = unsafe { libc::CMSG_DATA(head) }.cast::<libc::c_int>();
            let bytes = (part.cmsg_len as usize).saturating_sub(head_len).min(end.saturating_sub(data.addr()));
            for index in 0..bytes / size_of::<libc::c_int>() {
                // SAFETY: in bounds: so many lie whole before the end of the control part.
                let place = unsafe { data.add(index) };
                // SAFETY: as above.
                take(unsafe { place.read_unaligned() });
            }
        }
        // SAFETY: as for the first; the next part begins before the end of the control part, or there is none.
        head = unsafe { libc::CMSG_NXTHDR(message, head) };
    }
}

/// A `size_t` on Linux, a `socklen_t` elsewhere.
#[allow(clippy::unnecessary_cast, reason = "its type is the system's choice")]
fn control_len(message: &libc::msghdr) -> usize {
    message.msg_controllen as usize
}

/// FreeBSD closes the descriptors of a message whose control part it cuts, also those whose numbers it has written.
const CUT_RIGHTS_ARE_CLOSED: bool = cfg!(target_os = "freebsd");

/// On Apple systems there is no such flag: a second call sets it.
#[cfg(not(target_vendor = "apple"))]
const CLOSE_ON_EXEC: libc::c_int = libc::MSG_CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
const CLOSE_ON_EXEC: libc::c_int = 0;

#[cfg(test)]
mod tests {
    use super::*;

    /// What XNU leaves of a message that it cut: the head says how many descriptors were sent, the control part holds fewer.
    #[test]
    fn of_a_cut_message_no_descriptor_is_read_behind_its_control_part() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let mut control = Control::new();
        let bytes = IoVec::new(core::ptr::null_mut(), 0);
        let mut message = message(&bytes);
        write_rights(&mut message, &mut control, &[std::os::fd::AsFd::as_fd(&file); 3]);
        // SAFETY: computes a length.
        message.msg_controllen = unsafe { libc::CMSG_LEN(3 * 4) } as _;
        // SAFETY: computes a length.
        let longer = unsafe { libc::CMSG_LEN(8 * 4) };
        // SAFETY: the control part is there, and long enough for a head.
        let head = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        // SAFETY: the head that was just written.
        unsafe { (*head).cmsg_len = longer as _ };
        let mut numbers = std::vec::Vec::new();
        each_number(&message, |raw| numbers.push(raw));
        assert_eq!(numbers, [file.as_raw_fd(); 3]);
    }
}
