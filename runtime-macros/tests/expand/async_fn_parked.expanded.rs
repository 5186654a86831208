#[allow(clippy::implied_bounds_in_impls, reason = "machines look for the second bound")]
fn send<'__bespoke_a>(
    to: &'__bespoke_a Sink,
    what: Item,
    n: usize,
) -> impl ::core::future::Future<
    Output = bool,
> + ::bespoke::__private::machine::InParts {
    #[cfg(clippy)]
    #[allow(
        unused_braces,
        clippy::diverging_sub_expression,
        reason = "clippy checks it; what runs is the machine"
    )]
    if false {
        ::bespoke::__private::machine::twin_for_clippy::<
            bool,
            _,
        >(async move {
            if false {
                return ::bespoke::__private::machine::never::<bool>();
            }
            let to = to;
            let what = what;
            let n = n;
            { what.ready() && take(to, n, what.body(), what.tail().await).await }
        });
    }
    #[cfg(not(clippy))]
    #[allow(
        dead_code,
        unconditional_panic,
        arithmetic_overflow,
        reason = "rustc checks it, as it would an `async fn`; what runs is the machine"
    )]
    fn __bespoke_twin(to: &Sink, what: Item, n: usize) -> bool {
        use ::bespoke::__private::machine::{
            wait as __bespoke_wait, Waited::Value as __bespoke_waited,
        };
        what.ready()
            && match __bespoke_wait(
                take(
                    to,
                    n,
                    what.body(),
                    match __bespoke_wait(what.tail()) {
                        __bespoke_returned => {
                            let __bespoke_waited(__bespoke_value) = __bespoke_returned
                            else { loop {} };
                            __bespoke_value.0
                        }
                    },
                ),
            ) {
                __bespoke_returned => {
                    let __bespoke_waited(__bespoke_value) = __bespoke_returned else {
                        loop {}
                    };
                    __bespoke_value.0
                }
            }
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
            let to @ what @ n @ __bespoke_extended_3 @ __bespoke_extended_4 @ __bespoke_extended_5 @ _ = ();
        }
        if false {
            let _: ::core::primitive::i32 = {
                let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                *the_edition_is_2024.borrow()
            };
        }
        let __bespoke_argument_0 = to;
        let __bespoke_argument_1 = what;
        let __bespoke_argument_2 = n;
        __bespoke_rt::scalar(&raw const __bespoke_argument_0);
        __bespoke_rt::scalar(&raw const __bespoke_argument_2);
        unsafe {
            __bespoke_rt::machine::<
                _,
                _,
                bool,
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
                    let (__bespoke_place_0, __bespoke_region_1) = __bespoke_rt::frame::beside_2(
                        __bespoke_storage,
                    );
                    let (__bespoke_arguments, __bespoke_region_2, __bespoke_hidden_2) = __bespoke_rt::frame::share_3(
                        __bespoke_region_1,
                    );
                    (*__bespoke_head).state = 0;
                    (*__bespoke_head).flags = ();
                    __bespoke_rt::write(__bespoke_place_0, __bespoke_argument_1);
                    __bespoke_rt::write(
                        __bespoke_arguments,
                        (__bespoke_argument_0, __bespoke_argument_2),
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
                | -> __bespoke_rt::Step<bool, ::core::primitive::u8> {
                    unsafe {
                        let (__bespoke_place_0, __bespoke_region_1) = __bespoke_rt::frame::beside_2(
                            __bespoke_storage,
                        );
                        let (
                            __bespoke_arguments,
                            __bespoke_region_2,
                            __bespoke_hidden_2,
                        ) = __bespoke_rt::frame::share_3(__bespoke_region_1);
                        let (
                            __bespoke_place_2,
                            __bespoke_place_3,
                            __bespoke_place_4,
                            __bespoke_hidden_1,
                        ) = __bespoke_rt::frame::beside_4(__bespoke_region_2);
                        let __bespoke_inner = &raw mut (*__bespoke_head).inner
                            as *mut ();
                        let __bespoke_kept = __bespoke_rt::Kept::promise();
                        let mut __bespoke_state: ::core::primitive::u8 = (*__bespoke_head)
                            .state;
                        let __bespoke_suspended: ::core::primitive::u8 = '__bespoke_suspended: {
                            '__bespoke_machine: loop {
                                '__bespoke_states: {
                                    '__bespoke_1: {
                                        '__bespoke_3: {
                                            '__bespoke_2: {
                                                '__bespoke_0: {
                                                    match __bespoke_state {
                                                        0 => break '__bespoke_0,
                                                        2 => break '__bespoke_2,
                                                        3 => break '__bespoke_3,
                                                        __bespoke_other => {
                                                            return __bespoke_rt::resumed(__bespoke_other);
                                                        }
                                                    }
                                                }
                                                let _: __bespoke_rt::Never = {
                                                    let (__bespoke_argument_0, __bespoke_argument_2) = __bespoke_arguments
                                                        .read();
                                                    let to = __bespoke_argument_0;
                                                    let mut __bespoke_guard_0 = __bespoke_rt::Guard {
                                                        places: (__bespoke_place_0,),
                                                        holds: 1,
                                                        kept: __bespoke_kept,
                                                    };
                                                    let n = __bespoke_argument_2;
                                                    if (*__bespoke_place_0).ready() {
                                                        __bespoke_rt::write(__bespoke_place_2, to);
                                                        let mut __bespoke_guard_2 = __bespoke_rt::Guard {
                                                            places: (__bespoke_place_2,),
                                                            holds: 1,
                                                            kept: __bespoke_kept,
                                                        };
                                                        __bespoke_rt::write(__bespoke_place_3, n);
                                                        let mut __bespoke_guard_3 = __bespoke_rt::Guard {
                                                            places: (__bespoke_place_3,),
                                                            holds: 1,
                                                            kept: __bespoke_kept,
                                                        };
                                                        __bespoke_rt::write(
                                                            __bespoke_place_4,
                                                            (*__bespoke_place_0).body(),
                                                        );
                                                        let mut __bespoke_guard_4 = __bespoke_rt::Guard {
                                                            places: (__bespoke_place_4,),
                                                            holds: 1,
                                                            kept: __bespoke_kept,
                                                        };
                                                        let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                                (*__bespoke_place_0).tail(),
                                                            )
                                                            .__bespoke_begin(__bespoke_hidden_1, __bespoke_inner);
                                                        __bespoke_guard_0.holds = 0;
                                                        __bespoke_guard_2.holds = 0;
                                                        __bespoke_guard_3.holds = 0;
                                                        __bespoke_guard_4.holds = 0;
                                                        break '__bespoke_2;
                                                    } else {
                                                        return {
                                                            let __bespoke_output: bool = { (false) };
                                                            __bespoke_rt::Step::Ready(__bespoke_output)
                                                        };
                                                        __bespoke_guard_0.holds = 0;
                                                        break '__bespoke_1;
                                                    }
                                                };
                                            }
                                            let _: __bespoke_rt::Never = {
                                                let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                                    places: (
                                                        __bespoke_place_0,
                                                        __bespoke_place_2,
                                                        __bespoke_place_3,
                                                    ),
                                                    holds: 7,
                                                    kept: __bespoke_kept,
                                                };
                                                let mut __bespoke_guards_1 = __bespoke_rt::Guard {
                                                    places: (__bespoke_place_4,),
                                                    holds: 1,
                                                    kept: __bespoke_kept,
                                                };
                                                let __bespoke_rt::Ready(__bespoke_value_0) = __bespoke_rt::poll(
                                                    __bespoke_hidden_1,
                                                    __bespoke_inner,
                                                    __bespoke_context,
                                                ) else {
                                                    __bespoke_guards_0.holds = 0;
                                                    __bespoke_guards_1.holds = 0;
                                                    break '__bespoke_suspended 2;
                                                };
                                                let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                        take(
                                                            {
                                                                __bespoke_rt::gone(
                                                                        __bespoke_place_2,
                                                                        &mut __bespoke_guards_0.holds,
                                                                        2,
                                                                    )
                                                                    .read()
                                                            },
                                                            {
                                                                __bespoke_rt::gone(
                                                                        __bespoke_place_3,
                                                                        &mut __bespoke_guards_0.holds,
                                                                        4,
                                                                    )
                                                                    .read()
                                                            },
                                                            {
                                                                __bespoke_rt::gone(
                                                                        __bespoke_place_4,
                                                                        &mut __bespoke_guards_1.holds,
                                                                        1,
                                                                    )
                                                                    .read()
                                                            },
                                                            { __bespoke_value_0 },
                                                        ),
                                                    )
                                                    .__bespoke_begin(__bespoke_hidden_2, __bespoke_inner);
                                                __bespoke_guards_0.holds = 0;
                                                break '__bespoke_3;
                                            };
                                        }
                                        let _: __bespoke_rt::Never = {
                                            let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                                places: (__bespoke_place_0,),
                                                holds: 1,
                                                kept: __bespoke_kept,
                                            };
                                            let __bespoke_rt::Ready(__bespoke_value_1) = __bespoke_rt::poll(
                                                __bespoke_hidden_2,
                                                __bespoke_inner,
                                                __bespoke_context,
                                            ) else {
                                                __bespoke_guards_0.holds = 0;
                                                break '__bespoke_suspended 3;
                                            };
                                            return {
                                                let __bespoke_output: bool = { ({ __bespoke_value_1 }) };
                                                __bespoke_rt::Step::Ready(__bespoke_output)
                                            };
                                            __bespoke_guards_0.holds = 0;
                                            break '__bespoke_1;
                                        };
                                    }
                                    ::core::unreachable!();
                                }
                            }
                            let __bespoke_region_3 = &raw mut (*__bespoke_head).inner;
                            __bespoke_rt::parts::heads_2(
                                __bespoke_hidden_1,
                                __bespoke_hidden_2,
                                __bespoke_region_3,
                            );
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
                    let (__bespoke_place_0, __bespoke_region_1) = __bespoke_rt::frame::beside_2(
                        __bespoke_storage,
                    );
                    let (__bespoke_arguments, __bespoke_region_2, __bespoke_hidden_2) = __bespoke_rt::frame::share_3(
                        __bespoke_region_1,
                    );
                    let (
                        __bespoke_place_2,
                        __bespoke_place_3,
                        __bespoke_place_4,
                        __bespoke_hidden_1,
                    ) = __bespoke_rt::frame::beside_4(__bespoke_region_2);
                    let __bespoke_inner = &raw mut (*__bespoke_head).inner as *mut ();
                    let __bespoke_kept = __bespoke_rt::Kept::promise();
                    let __bespoke_state: ::core::primitive::u8 = (*__bespoke_head).state;
                    match __bespoke_state {
                        0 => {
                            if __bespoke_rt::trace::drops_unbegun(__bespoke_walk) {
                                let (__bespoke_argument_0, __bespoke_argument_2) = __bespoke_arguments
                                    .read();
                                let __bespoke_argument_2 = __bespoke_argument_2;
                                let __bespoke_argument_1 = __bespoke_rt::Guard {
                                    places: (__bespoke_place_0,),
                                    holds: 1,
                                    kept: __bespoke_kept,
                                };
                                let __bespoke_argument_0 = __bespoke_argument_0;
                            }
                        }
                        2..=3 => {
                            let __bespoke_dropped = __bespoke_rt::trace::dropped(
                                &__bespoke_walk,
                                __bespoke_state,
                            );
                            let __bespoke_guards_0 = __bespoke_rt::Guard {
                                places: (
                                    __bespoke_place_0,
                                    __bespoke_place_2,
                                    __bespoke_place_3,
                                ),
                                holds: match __bespoke_dropped {
                                    2 => 7,
                                    3 => 1,
                                    _ => 0,
                                },
                                kept: __bespoke_kept,
                            };
                            let __bespoke_guards_1 = __bespoke_rt::Guard {
                                places: (__bespoke_place_4,),
                                holds: match __bespoke_dropped {
                                    2 => 1,
                                    _ => 0,
                                },
                                kept: __bespoke_kept,
                            };
                            match __bespoke_state {
                                2 => {
                                    __bespoke_rt::trace::drops(
                                        __bespoke_walk,
                                        "what.tail()",
                                        __bespoke_hidden_1,
                                        __bespoke_inner,
                                    )
                                }
                                3 => {
                                    __bespoke_rt::trace::drops(
                                        __bespoke_walk,
                                        "take(to, n, what.body(), what.tail().await)",
                                        __bespoke_hidden_2,
                                        __bespoke_inner,
                                    )
                                }
                                _ => {}
                            }
                        }
                        _ => {}
                    }
                },
            )
        }
    }
}
