//! The buffers of the crate `bytes`, as buffers that an operation may own.

use super::{IoBuf, IoBufMut};
use bytes::{Bytes, BytesMut};

// SAFETY: `Bytes` points at bytes of the program or of its owner on the heap, whose address it took once; a move moves the
// pointer. They are shared and never written while there is a `Bytes`.
unsafe impl IoBuf for Bytes {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(self)
    }
    fn len(&self) -> usize {
        Bytes::len(self)
    }
}

// SAFETY: the bytes are on the heap, in a part that belongs to this handle alone; an operation does not grow it.
unsafe impl IoBuf for BytesMut {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(self)
    }
    fn len(&self) -> usize {
        BytesMut::len(self)
    }
}

// SAFETY: as above; the part up to the capacity is this handle's too, and both pointers are its beginning.
unsafe impl IoBufMut for BytesMut {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        let len = BytesMut::len(self);
        // A pointer made of the bytes that are there may not be used for those behind them; this one is made of all.
        // SAFETY: 0 is at most the capacity.
        unsafe { BytesMut::set_len(self, 0) };
        let all = self.spare_capacity_mut().as_mut_ptr().cast();
        // SAFETY: so many were initialised before, and nothing has written since.
        unsafe { BytesMut::set_len(self, len) };
        all
    }
    fn capacity(&self) -> usize {
        BytesMut::capacity(self)
    }
    unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: the caller's promise is that of this call.
        unsafe { BytesMut::set_len(self, len) };
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    /// What an operation does with a buffer that it fills, under Miri, too.
    fn fill<B: IoBufMut>(buffer: &mut B, byte: u8) -> usize {
        let (at, room) = (buffer.as_mut_ptr(), buffer.capacity());
        for n in 0..room {
            // SAFETY: inside the buffer (contract).
            let to = unsafe { at.add(n) };
            // SAFETY: writable (contract).
            unsafe { to.write(byte) };
        }
        // SAFETY: all of them were written.
        unsafe { buffer.set_len(room) };
        room
    }

    #[test]
    fn bytes_are_filled_up_to_their_capacity_and_stay_when_moved() {
        for there in [0, 3, 64] {
            let mut buffer = BytesMut::with_capacity(64);
            buffer.extend_from_slice(&[1; 64][..there]);
            let at = IoBuf::as_ptr(&buffer);
            assert_eq!(IoBufMut::as_mut_ptr(&mut buffer).cast_const(), at);
            assert_eq!(IoBuf::len(&buffer), there, "asking for the pointer changes nothing");
            let room = fill(&mut buffer, 7);
            let moved = std::boxed::Box::new(buffer);
            assert_eq!((IoBuf::as_ptr(&*moved), moved.as_bytes()), (at, &std::vec![7; room][..]));
        }
    }

    #[test]
    fn part_of_a_shared_one() {
        let whole = Bytes::from_static(b"abcdef");
        let part = whole.clone().slice(2..4);
        assert_eq!(part.as_bytes(), b"cd");
        let owned = Bytes::from(std::vec![9; 10]);
        let (at, twin) = (IoBuf::as_ptr(&owned), owned.clone());
        let kept = IoBuf::slice(owned, 1..3);
        assert_eq!((kept.as_bytes(), twin.len()), (&[9, 9][..], 10));
        assert_eq!(IoBuf::as_ptr(&kept.into_inner()), at);
    }
}
