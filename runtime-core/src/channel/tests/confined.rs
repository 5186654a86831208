//! What borrows from a handle of a `Local` channel stays on its thread, as the handle does.

use crate::channel::mpsc::{Closed, Permit, Receiver, Reserve, Sender, Sending, WeakSender};
use crate::channel::oneshot;
use crate::sharing::{Local, Shared};
use crate::sync::{Notified, Notify};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_not_impl_any!(Sender<u8, Local>: Send, Sync);
assert_not_impl_any!(WeakSender<u8, Local>: Send, Sync);
assert_not_impl_any!(Receiver<u8, Local>: Send, Sync);
assert_not_impl_any!(oneshot::Sender<u8, Local>: Send, Sync);
assert_not_impl_any!(oneshot::Receiver<u8, Local>: Send, Sync);
assert_not_impl_any!(Notify<Local>: Send, Sync);
assert_not_impl_any!(Notified<'static, Local>: Send, Sync);
assert_not_impl_any!(Permit<'static, u8, Local>: Send, Sync);
assert_not_impl_any!(Reserve<'static, u8, Local>: Send, Sync);
assert_not_impl_any!(Sending<'static, u8, Local>: Send, Sync);
assert_not_impl_any!(Closed<'static, u8, Local>: Send, Sync);
assert_impl_all!(Permit<'static, u8, Shared>: Send, Sync);
assert_impl_all!(Reserve<'static, u8, Shared>: Send, Sync);
assert_impl_all!(Sending<'static, u8, Shared>: Send, Sync);
assert_impl_all!(Closed<'static, u8, Shared>: Send, Sync);
