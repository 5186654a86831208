fn main() {
    async fn main() {
        work().await;
    }
    ::bespoke::__private::run::<::bespoke::preset::Default, _>(main())
}
