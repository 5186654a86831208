//! Ctrl-C on Windows, where only a process that shares a console with another can press it there.

use std::os::windows::process::CommandExt as _;
use std::process::{Child, Command};
use windows_sys::Win32::System::Console::{
    AttachConsole, CTRL_C_EVENT, FreeConsole, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler,
};

/// `CREATE_NO_WINDOW`.
const CONSOLE_OF_ITS_OWN: u32 = 0x0800_0000;
const PRESS_FOR: &str = "BESPOKE_TEST_PRESS_CTRL_C_FOR";

/// Gives the program a console of its own, so that a Ctrl-C there is for it alone.
pub(crate) fn alone(command: &mut Command) -> &mut Command {
    command.creation_flags(CONSOLE_OF_ITS_OWN)
}

/// Presses Ctrl-C in the console of `child`: in a process of its own, which gives its console up for that one. `helper` is
/// the name of a test that calls [`press_if_asked`].
pub(crate) fn press(child: &Child, helper: &str) {
    let pressed = Command::new(std::env::current_exe().expect("a test knows its program"))
        .args(["--exact", helper, "--nocapture"])
        .env(PRESS_FOR, child.id().to_string())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&pressed.stdout);
    assert!(pressed.status.success() && said.contains("1 passed"), "{}: {said}", pressed.status);
}

/// The other side of [`press`]; does nothing in a process that was started for something else.
pub(crate) fn press_if_asked() {
    let Ok(process) = std::env::var(PRESS_FOR) else { return };
    let process = process.parse().expect("a number of a process");
    // SAFETY: takes nothing.
    unsafe { FreeConsole() };
    // SAFETY: takes an integer.
    assert_ne!(unsafe { AttachConsole(process) }, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: no handler, which means that this process itself does not hear the event.
    assert_ne!(unsafe { SetConsoleCtrlHandler(None, 1) }, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: takes integers.
    assert_ne!(unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) }, 0, "{}", std::io::Error::last_os_error());
}
