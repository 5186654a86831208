//! The board MPS2 AN386: how it sleeps, what time it is, which interrupts it has.
//!
//! | | |
//! |---|---|
//! | TIMER0 | the alarm that ends a sleep |
//! | TIMER1 | the time: it counts down for ever, 25 million a second |
//! | SysTick | what the checks interrupt themselves with |

use bespoke_core::embedded::{Board, Instant};
use bespoke_core::roles::{Clock, Nanos};
use core::arch::asm;
use core::ptr::{read_volatile, with_exposed_provenance_mut, write_volatile};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use cortex_m::interrupt;
use cortex_m::peripheral::{NVIC, SCB};
use cortex_m::register::primask;
use cortex_m_rt::exception;

/// Nanoseconds of one count.
const COUNT_NS: u64 = 40;

/// A timer of the board, the "APB timer" of Arm's CMSDK.
struct Timer(usize);

const ALARM: Timer = Timer(0x4000_0000);
const TIME: Timer = Timer(0x4000_1000);
const ALARM_IRQ: i16 = 8;

const CONTROL: usize = 0x0;
const VALUE: usize = 0x4;
const RELOAD: usize = 0x8;
const CLEAR: usize = 0xC;
const ENABLE: u32 = 1;
const INTERRUPTS: u32 = 8;

impl Timer {
    fn write(&self, register: usize, value: u32) {
        // SAFETY: a register of the board, which may be written at any time.
        unsafe { write_volatile(with_exposed_provenance_mut(self.0 + register), value) };
    }

    fn read(&self, register: usize) -> u32 {
        // SAFETY: a register of the board, which may be read at any time.
        unsafe { read_volatile(with_exposed_provenance_mut(self.0 + register)) }
    }
}

/// Starts the time, and lets the alarm through.
pub(crate) fn start() {
    TIME.write(RELOAD, u32::MAX);
    TIME.write(VALUE, u32::MAX);
    TIME.write(CONTROL, ENABLE);
    // SAFETY: the handler is there, and no section that is masked by priority.
    unsafe { NVIC::unmask(Irq) };
}

#[derive(Clone, Copy)]
struct Irq;

// SAFETY: the number of the alarm's interrupt, always the same one.
unsafe impl cortex_m::interrupt::InterruptNumber for Irq {
    fn number(self) -> u16 {
        ALARM_IRQ as u16
    }
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    assert_eq!(number, ALARM_IRQ, "an interrupt that nobody asked for");
    ALARM.write(CONTROL, 0);
    ALARM.write(CLEAR, 1);
}

/// Was there a `wake` since the last `wait`?
static EVENT: AtomicBool = AtomicBool::new(false);
/// How often the processor slept.
pub(crate) static SLEEPS: AtomicUsize = AtomicUsize::new(0);
/// The longest sleep: the counter of the time begins again after 171 seconds, and is to be read before that. Far shorter, so that
/// a check whose interrupt is lost ends soon.
const SLEEP_MAX: u64 = 2_000_000_000;

/// Where in the next `wait` the checks interrupt it, if they do.
pub(crate) static STRIKES: AtomicU8 = AtomicU8::new(0);
/// Before interrupts are held back.
pub(crate) const BEFORE: u8 = 1;
/// Between the look and the sleep.
pub(crate) const BETWEEN: u8 = 2;

fn strike(place: u8) {
    if STRIKES.load(Ordering::Relaxed) == place {
        STRIKES.store(0, Ordering::Relaxed);
        SCB::set_pendst();
        // It is served before the next instruction, unless it is held back.
        cortex_m::asm::isb();
    }
}

pub(crate) struct Mps2;

// SAFETY: 1: one core; what the reset starts runs without an exception, and whatever interrupts it has the number of one.
// 2: it reads a register.
unsafe impl Board for Mps2 {
    const NAME: &'static str = "mps2-an386";

    fn is_elsewhere() -> bool {
        let exception: u32;
        // SAFETY: reads the number of the exception that runs.
        unsafe { asm!("mrs {}, ipsr", out(reg) exception, options(nomem, nostack, preserves_flags)) };
        exception != 0
    }

    fn wait(at_most: Option<Nanos>) {
        let for_ns = at_most.map_or(SLEEP_MAX, |Nanos(ns)| ns.min(SLEEP_MAX));
        strike(BEFORE);
        // Neither the alarm nor another interrupt is served between the look and the sleep: held back, they end the sleep.
        let was = Self::mask();
        ALARM.write(CLEAR, 1);
        ALARM.write(VALUE, (for_ns / COUNT_NS) as u32 + 1);
        ALARM.write(CONTROL, ENABLE | INTERRUPTS);
        if !EVENT.load(Ordering::Relaxed) {
            strike(BETWEEN);
            SLEEPS.fetch_add(1, Ordering::Relaxed);
            cortex_m::asm::wfi();
        }
        EVENT.store(false, Ordering::Relaxed);
        Self::unmask(was);
    }

    fn wake() {
        EVENT.store(true, Ordering::Relaxed);
    }

    fn mask() -> bool {
        // "Inactive" are the interrupts.
        let was = primask::read().is_inactive();
        interrupt::disable();
        was
    }

    fn unmask(was: bool) {
        if !was {
            // SAFETY: they were enabled before `mask`.
            unsafe { interrupt::enable() };
        }
    }
}

/// The time since the start of the board.
pub(crate) struct Ticks;

static LAST: AtomicU32 = AtomicU32::new(0);
static ROUNDS: AtomicU32 = AtomicU32::new(0);

impl Clock for Ticks {
    const NAME: &'static str = "timer 1";
    type Live = ();

    fn start() {}

    fn now((): &()) -> Instant {
        interrupt::free(|_| {
            let now = u32::MAX - TIME.read(VALUE);
            if now < LAST.swap(now, Ordering::Relaxed) {
                ROUNDS.fetch_add(1, Ordering::Relaxed);
            }
            let counts = u64::from(ROUNDS.load(Ordering::Relaxed)) << 32 | u64::from(now);
            Instant::from_nanos(counts * COUNT_NS)
        })
    }
}
