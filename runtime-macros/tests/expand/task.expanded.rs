/// Serves one connection.
fn serve(
    stream: TcpStream,
    argument1: (u64, u64),
) -> ::bespoke::task::StaticTask<
    impl ::bespoke::__private::core::future::Future<Output = io::Result<()>>,
    impl ::bespoke::__private::places::Pool,
> {
    #[bespoke::async_fn]
    async fn __task(stream: TcpStream, (from, to): (u64, u64)) -> io::Result<()> {
        send(stream, from, to).await
    }
    const __PLACES: usize = 4;
    struct __Pool;
    impl ::bespoke::__private::places::Pool for __Pool {
        type Store = ::bespoke::__private::places::Places<
            <::bespoke::__private::places::Align<
                { ::bespoke::__private::align_of(&__task) },
            > as ::bespoke::__private::places::Aligned>::Unit,
            { ::bespoke::__private::bytes_of(&__task) },
            __PLACES,
        >;
        const NAME: &'static str = "serve";
        fn store() -> &'static Self::Store {
            static STORE: <__Pool as ::bespoke::__private::places::Pool>::Store = ::bespoke::__private::places::Places::new();
            &STORE
        }
    }
    ::bespoke::task::StaticTask::<_, __Pool>::new(__task(stream, argument1))
}
