//! Files past the page cache, read into buffers of a `BufferPool`; and `bespoke-uring-fixed`, whose ring knows the memory of
//! the pool.

use core::marker::PhantomData;
use std::io;
use std::path::Path;
use std::rc::Rc;

use bespoke::Config;
use bespoke::io::{BufferPool, PoolBuffer};
use bespoke::rt::{File, Fs, Regions, Registration, SharingOf};
use harness::rows::DEPTH;
use harness::{Direct, PAGE, Refusal, Row, Runner, Sampled, Tasks, rows, whole};

use crate::{OnRing, ring_peer};

/// The driver learns of the memory with each read.
pub(crate) struct Plain<C>(PhantomData<C>);

/// The driver has learned of the memory before.
struct Fixed<C>(PhantomData<C>);

/// A started runtime on a ring, of which only this row is asked.
struct OnFixed(ring_peer::Started);

pub(crate) fn start_fixed() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(OnFixed(ring_peer::Started::start()?)))
}

impl Runner for OnFixed {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::direct::<_, Fixed<OnRing>>(&mut self.0, row, amount).unwrap_or(Err(Refusal::Absent))
    }
}

/// A file, and where its pages come from.
pub(crate) struct Opened<C: Config> {
    file: File<C>,
    pool: BufferPool,
    /// Dropped, the driver forgets the memory.
    _registration: Option<Registration<C>>,
}

async fn open<C: Config<Driver: Fs>>(path: &Path) -> io::Result<Opened<C>> {
    let file = File::<C>::options().read(true).direct(true).open(path).await?;
    Ok(Opened { file, pool: BufferPool::new(DEPTH as usize * PAGE)?, _registration: None })
}

fn page<C: Config>(file: &Opened<C>) -> PoolBuffer {
    file.pool.get(PAGE).expect("there is a page for each reader")
}

async fn read_at<C: Config<Driver: Fs>>(file: &Opened<C>, at: u64, page: PoolBuffer) -> io::Result<PoolBuffer> {
    let (count, page) = file.file.read_at(page, at).await;
    whole(count?)?;
    Ok(page)
}

impl<C: Config<Driver: Fs> + 'static> Direct for Plain<C> {
    type File = Rc<Opened<C>>;
    type Page = PoolBuffer;

    async fn open(path: &Path) -> io::Result<Self::File> {
        open(path).await.map(Rc::new)
    }

    fn page(file: &Self::File) -> PoolBuffer {
        page(file)
    }

    fn read_at(file: &Self::File, offset: u64, page: PoolBuffer) -> impl Future<Output = io::Result<PoolBuffer>> {
        read_at(file, offset, page)
    }

    fn bytes(page: &PoolBuffer) -> &[u8] {
        page
    }
}

impl<C: Config<Driver: Fs + Regions<SharingOf<C>>> + 'static> Direct for Fixed<C> {
    type File = Rc<Opened<C>>;
    type Page = PoolBuffer;

    async fn open(path: &Path) -> io::Result<Self::File> {
        let mut opened = open(path).await?;
        let registration = Registration::of(&opened.pool)?;
        assert!(registration.is_fixed(), "a ring does something with it");
        opened._registration = Some(registration);
        Ok(Rc::new(opened))
    }

    fn page(file: &Self::File) -> PoolBuffer {
        page(file)
    }

    fn read_at(file: &Self::File, offset: u64, page: PoolBuffer) -> impl Future<Output = io::Result<PoolBuffer>> {
        read_at(file, offset, page)
    }

    fn bytes(page: &PoolBuffer) -> &[u8] {
        page
    }
}
