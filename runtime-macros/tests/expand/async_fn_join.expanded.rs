#[allow(clippy::implied_bounds_in_impls, reason = "machines look for the second bound")]
fn both(
    to: Sink,
) -> impl ::core::future::Future<
    Output = usize,
> + ::bespoke::__private::machine::InParts {
    #[cfg(clippy)]
    #[allow(
        unused_braces,
        clippy::diverging_sub_expression,
        reason = "clippy checks it; what runs is the machine"
    )]
    if false {
        ::bespoke::__private::machine::twin_for_clippy::<
            usize,
            _,
        >(async move {
            if false {
                return ::bespoke::__private::machine::never::<usize>();
            }
            let to = to;
            {
                let (sent, read) = bespoke::join!(to.send(1), read(& to));
                sent + read
            }
        });
    }
    #[cfg(not(clippy))]
    #[allow(
        dead_code,
        unconditional_panic,
        arithmetic_overflow,
        reason = "rustc checks it, as it would an `async fn`; what runs is the machine"
    )]
    fn __bespoke_twin(to: Sink) -> usize {
        use ::bespoke::__private::machines::*;
        use ::bespoke::__private::machine::{
            wait as __bespoke_wait, Waited::Value as __bespoke_waited,
        };
        let (sent, read) = match __bespoke_wait(
            __bespoke_join((__bespoke_part(to.send(1)), __bespoke_part(read(&to)))),
        ) {
            __bespoke_returned => {
                let __bespoke_waited(__bespoke_value) = __bespoke_returned else {
                    loop {}
                };
                __bespoke_value.0
            }
        };
        sent + read
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
        use ::bespoke::__private::machines::*;
        if false {
            let to @ sent @ read @ _ = ();
            let _: bespoke::join!(
                __bespoke_macro in_an_async_fn_join_is_the_macro_of_bespoke
            ) = __bespoke_Join;
        }
        if false {
            let _: ::core::primitive::i32 = {
                let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                *the_edition_is_2024.borrow()
            };
        }
        let __bespoke_argument_0 = to;
        unsafe {
            __bespoke_rt::machine::<
                _,
                _,
                usize,
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
                    let (__bespoke_place_0, _) = __bespoke_rt::frame::beside_2(
                        __bespoke_storage,
                    );
                    (*__bespoke_head).state = 0;
                    (*__bespoke_head).flags = ();
                    __bespoke_rt::write(__bespoke_place_0, __bespoke_argument_0);
                },
                |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        (),
                        ::core::primitive::u8,
                    >,
                    __bespoke_storage: *mut _,
                    __bespoke_context: &mut ::core::task::Context<'_>,
                | -> __bespoke_rt::Step<usize, ::core::primitive::u8> {
                    unsafe {
                        let (__bespoke_place_0, __bespoke_hidden_1) = __bespoke_rt::frame::beside_2(
                            __bespoke_storage,
                        );
                        let __bespoke_inner = &raw mut (*__bespoke_head).inner
                            as *mut ();
                        let __bespoke_kept = __bespoke_rt::Kept::promise();
                        let mut __bespoke_state: ::core::primitive::u8 = (*__bespoke_head)
                            .state;
                        let __bespoke_suspended: ::core::primitive::u8 = '__bespoke_suspended: {
                            '__bespoke_machine: loop {
                                '__bespoke_states: {
                                    '__bespoke_1: {
                                        '__bespoke_0: {
                                            match __bespoke_state {
                                                0 => break '__bespoke_0,
                                                1 => break '__bespoke_1,
                                                __bespoke_other => {
                                                    return __bespoke_rt::resumed(__bespoke_other);
                                                }
                                            }
                                        }
                                        let _: __bespoke_rt::Never = {
                                            let mut __bespoke_guard_0 = __bespoke_rt::Guard {
                                                places: (__bespoke_place_0,),
                                                holds: 1,
                                                kept: __bespoke_kept,
                                            };
                                            let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                    __bespoke_join((
                                                        __bespoke_rt::into_future((*__bespoke_place_0).send(1))
                                                            .__bespoke_part(),
                                                        __bespoke_rt::into_future(read(&(*__bespoke_place_0)))
                                                            .__bespoke_part(),
                                                    )),
                                                )
                                                .__bespoke_begin(__bespoke_hidden_1, __bespoke_inner);
                                            __bespoke_guard_0.holds = 0;
                                            break '__bespoke_1;
                                        };
                                    }
                                    let _: __bespoke_rt::Never = {
                                        let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                            places: (__bespoke_place_0,),
                                            holds: 1,
                                            kept: __bespoke_kept,
                                        };
                                        let __bespoke_rt::Ready(__bespoke_value_0) = __bespoke_rt::poll(
                                            __bespoke_hidden_1,
                                            __bespoke_inner,
                                            __bespoke_context,
                                        ) else {
                                            __bespoke_guards_0.holds = 0;
                                            break '__bespoke_suspended 1;
                                        };
                                        let (sent, read) = { __bespoke_value_0 };
                                        return {
                                            let __bespoke_output: usize = { (sent + read) };
                                            __bespoke_rt::Step::Ready(__bespoke_output)
                                        };
                                    };
                                }
                            }
                            let __bespoke_region_1 = &raw mut (*__bespoke_head).inner;
                            __bespoke_rt::parts::heads_1(
                                __bespoke_hidden_1,
                                __bespoke_region_1,
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
                    let (__bespoke_place_0, __bespoke_hidden_1) = __bespoke_rt::frame::beside_2(
                        __bespoke_storage,
                    );
                    let __bespoke_inner = &raw mut (*__bespoke_head).inner as *mut ();
                    let __bespoke_kept = __bespoke_rt::Kept::promise();
                    let __bespoke_state: ::core::primitive::u8 = (*__bespoke_head).state;
                    match __bespoke_state {
                        0 => {
                            if __bespoke_rt::trace::drops_unbegun(__bespoke_walk) {
                                let __bespoke_argument_0 = __bespoke_rt::Guard {
                                    places: (__bespoke_place_0,),
                                    holds: 1,
                                    kept: __bespoke_kept,
                                };
                            }
                        }
                        1..=1 => {
                            let __bespoke_dropped = __bespoke_rt::trace::dropped(
                                &__bespoke_walk,
                                __bespoke_state,
                            );
                            let __bespoke_guards_0 = __bespoke_rt::Guard {
                                places: (__bespoke_place_0,),
                                holds: match __bespoke_dropped {
                                    1 => 1,
                                    _ => 0,
                                },
                                kept: __bespoke_kept,
                            };
                            match __bespoke_state {
                                1 => {
                                    __bespoke_rt::trace::drops_of_macro(
                                        __bespoke_walk,
                                        "join!(to.send(1), read(&to))",
                                        __bespoke_hidden_1,
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
