/// Adds.
#[allow(clippy::implied_bounds_in_impls, reason = "machines look for the second bound")]
fn add(
    a: u8,
    b: u8,
) -> impl ::core::future::Future<Output = u8> + ::bespoke::__private::machine::InParts {
    #[cfg(clippy)]
    #[allow(
        unused_braces,
        clippy::diverging_sub_expression,
        reason = "clippy checks it; what runs is the machine"
    )]
    if false {
        ::bespoke::__private::machine::twin_for_clippy::<
            u8,
            _,
        >(async move {
            if false {
                return ::bespoke::__private::machine::never::<u8>();
            }
            let a = a;
            let b = b;
            { a + b }
        });
    }
    #[cfg(not(clippy))]
    #[allow(
        dead_code,
        unconditional_panic,
        arithmetic_overflow,
        reason = "rustc checks it, as it would an `async fn`; what runs is the machine"
    )]
    fn __bespoke_twin(a: u8, b: u8) -> u8 {
        a + b
    }
    #[allow(
        unused,
        unreachable_code,
        unconditional_panic,
        arithmetic_overflow,
        non_snake_case,
        dangerous_implicit_autorefs,
        dropping_copy_types,
        dropping_references,
        let_underscore_drop,
        non_shorthand_field_patterns,
        clippy::all,
        clippy::pedantic,
        clippy::nursery,
        clippy::restriction,
        reason = "the lints of the source are those of the function above"
    )]
    {
        use ::bespoke::__private::machine as __bespoke_rt;
        use ::bespoke::__private::machine::BeginWhole as _;
        if false {
            let a @ b @ _ = ();
        }
        if false {
            let _: ::core::primitive::i32 = {
                let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                *the_edition_is_2024.borrow()
            };
        }
        let __bespoke_argument_0 = a;
        let __bespoke_argument_1 = b;
        __bespoke_rt::scalar(&raw const __bespoke_argument_0);
        __bespoke_rt::scalar(&raw const __bespoke_argument_1);
        unsafe {
            __bespoke_rt::machine::<
                _,
                _,
                u8,
                _,
                _,
                _,
            >(
                move |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        (),
                        ::core::primitive::u8,
                    >,
                    __bespoke_storage: *mut _|
                unsafe {
                    let __bespoke_arguments = __bespoke_storage;
                    (*__bespoke_head).state = 0;
                    (*__bespoke_head).flags = ();
                    __bespoke_rt::write(
                        __bespoke_arguments,
                        (__bespoke_argument_0, __bespoke_argument_1),
                    );
                },
                |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        (),
                        ::core::primitive::u8,
                    >,
                    __bespoke_storage: *mut _,
                    __bespoke_context: &mut ::core::task::Context<'_>,
                | -> __bespoke_rt::Step<u8, ::core::primitive::u8> {
                    unsafe {
                        let __bespoke_arguments = __bespoke_storage;
                        let mut __bespoke_state: ::core::primitive::u8 = (*__bespoke_head)
                            .state;
                        let __bespoke_suspended: ::core::primitive::u8 = '__bespoke_suspended: {
                            '__bespoke_machine: loop {
                                '__bespoke_states: {
                                    '__bespoke_0: {
                                        match __bespoke_state {
                                            0 => break '__bespoke_0,
                                            __bespoke_other => {
                                                return __bespoke_rt::resumed(__bespoke_other);
                                            }
                                        }
                                    }
                                    let _: __bespoke_rt::Never = {
                                        let (__bespoke_argument_0, __bespoke_argument_1) = __bespoke_arguments
                                            .read();
                                        let a = __bespoke_argument_0;
                                        let b = __bespoke_argument_1;
                                        return {
                                            let __bespoke_output: u8 = { (a + b) };
                                            __bespoke_rt::Step::Ready(__bespoke_output)
                                        };
                                    };
                                }
                            }
                            let __bespoke_region_1 = &raw mut (*__bespoke_head).inner;
                            let _: *mut () = __bespoke_region_1;
                        };
                        __bespoke_rt::Step::Pending(__bespoke_suspended)
                    }
                },
                |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        (),
                        ::core::primitive::u8,
                    >,
                    __bespoke_storage: *mut _,
                    __bespoke_walk: ::core::option::Option<
                        &mut __bespoke_rt::trace::Walk<'_>,
                    >|
                unsafe {
                    let __bespoke_arguments = __bespoke_storage;
                    let __bespoke_state: ::core::primitive::u8 = (*__bespoke_head).state;
                    match __bespoke_state {
                        0 => {
                            if __bespoke_rt::trace::drops_unbegun(__bespoke_walk) {
                                let (__bespoke_argument_0, __bespoke_argument_1) = __bespoke_arguments
                                    .read();
                                let __bespoke_argument_1 = __bespoke_argument_1;
                                let __bespoke_argument_0 = __bespoke_argument_0;
                            }
                        }
                        _ => {}
                    }
                },
            )
        }
    }
}
