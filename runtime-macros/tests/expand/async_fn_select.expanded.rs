#[allow(clippy::implied_bounds_in_impls, reason = "machines look for the second bound")]
fn first(
    from: Source,
    stop: Stop,
) -> impl ::core::future::Future<
    Output = Option<Item>,
> + ::bespoke::__private::machine::InParts {
    #[cfg(clippy)]
    #[allow(
        unused_braces,
        clippy::diverging_sub_expression,
        reason = "clippy checks it; what runs is the machine"
    )]
    if false {
        ::bespoke::__private::machine::twin_for_clippy::<
            Option<Item>,
            _,
        >(async move {
            if false {
                return ::bespoke::__private::machine::never::<Option<Item>>();
            }
            let from = from;
            let stop = stop;
            {
                select! {
                    Some(item) = from.next(), if from.is_open() => { item.check(). await;
                    Some(item) } _ = stop => None,
                }
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
    fn __bespoke_twin(from: Source, stop: Stop) -> Option<Item> {
        use ::bespoke::__private::machines::*;
        use ::bespoke::__private::machine::{
            wait as __bespoke_wait, Waited::Value as __bespoke_waited,
        };
        match match __bespoke_wait(
            __bespoke_select(
                [{ from.is_open() }, true],
                (
                    __bespoke_branch(
                        __bespoke_part(from.next()),
                        |__bespoke_value, __bespoke_matches| {
                            #[allow(
                                unused_variables,
                                unused_mut,
                                reason = "the pattern only looks"
                            )]
                            match __bespoke_value {
                                Some(item) if __bespoke_matched(__bespoke_matches) => {
                                    __bespoke_unmatched()
                                }
                                _ => {}
                            }
                            __bespoke_value
                        },
                    ),
                    __bespoke_branch(__bespoke_part(stop), __bespoke_always),
                ),
            ),
        ) {
            __bespoke_returned => {
                let __bespoke_waited(__bespoke_value) = __bespoke_returned else {
                    loop {}
                };
                __bespoke_value.0
            }
        } {
            #[allow(unreachable_patterns, reason = "a future may have no value")]
            __bespoke_Out2::_0(__bespoke_value) => {
                #[allow(
                    irrefutable_let_patterns,
                    reason = "where the pattern matches everything"
                )]
                let Some(item) = ({ __bespoke_value }) else { __bespoke_unmatched() };
                match __bespoke_wait(item.check()) {
                    __bespoke_returned => {
                        let __bespoke_waited(__bespoke_value) = __bespoke_returned else {
                            loop {}
                        };
                        __bespoke_value.0
                    }
                };
                Some(item)
            }
            #[allow(unreachable_patterns, reason = "a future may have no value")]
            __bespoke_Out2::_1(__bespoke_value) => {
                #[allow(
                    irrefutable_let_patterns,
                    reason = "where the pattern matches everything"
                )]
                let _ = { __bespoke_value };
                None
            }
            #[allow(unreachable_patterns, reason = "a future may have no value")]
            __bespoke_Out2::Disabled => __bespoke_disabled(),
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
        irrefutable_let_patterns,
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
            let from @ stop @ __bespoke_value @ __bespoke_matches @ item @ _ = ();
            let __bespoke_value @ item @ _ = ();
            let __bespoke_value @ _ = ();
            {
                let stop = ();
                stop
            }
            {
                let __bespoke_value = ();
                __bespoke_value
            }
            let _: select!(
                __bespoke_macro in_an_async_fn_select_is_the_macro_of_bespoke
            ) = __bespoke_Select;
        }
        if false {
            let _: ::core::primitive::i32 = {
                let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                *the_edition_is_2024.borrow()
            };
        }
        let __bespoke_argument_0 = from;
        let __bespoke_argument_1 = stop;
        unsafe {
            __bespoke_rt::machine::<
                _,
                _,
                Option<Item>,
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
                    let (__bespoke_arguments, __bespoke_hidden_1, __bespoke_region_2) = __bespoke_rt::frame::share_3(
                        __bespoke_region_1,
                    );
                    (*__bespoke_head).state = 0;
                    (*__bespoke_head).flags = ();
                    __bespoke_rt::write(__bespoke_place_0, __bespoke_argument_0);
                    __bespoke_rt::write(__bespoke_arguments, (__bespoke_argument_1,));
                },
                |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        (),
                        ::core::primitive::u8,
                    >,
                    __bespoke_storage: *mut _,
                    __bespoke_context: &mut ::core::task::Context<'_>,
                | -> __bespoke_rt::Step<Option<Item>, ::core::primitive::u8> {
                    unsafe {
                        let (__bespoke_place_0, __bespoke_region_1) = __bespoke_rt::frame::beside_2(
                            __bespoke_storage,
                        );
                        let (
                            __bespoke_arguments,
                            __bespoke_hidden_1,
                            __bespoke_region_2,
                        ) = __bespoke_rt::frame::share_3(__bespoke_region_1);
                        let (__bespoke_place_3, __bespoke_hidden_2) = __bespoke_rt::frame::beside_2(
                            __bespoke_region_2,
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
                                                    let (__bespoke_argument_1,) = __bespoke_arguments.read();
                                                    let mut __bespoke_guard_0 = __bespoke_rt::Guard {
                                                        places: (__bespoke_place_0,),
                                                        holds: 1,
                                                        kept: __bespoke_kept,
                                                    };
                                                    let stop = __bespoke_argument_1;
                                                    let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                            __bespoke_select(
                                                                [{ (*__bespoke_place_0).is_open() }, true],
                                                                (
                                                                    __bespoke_branch(
                                                                        __bespoke_rt::into_future((*__bespoke_place_0).next())
                                                                            .__bespoke_part(),
                                                                        |__bespoke_value, __bespoke_matches| {
                                                                            #[allow(
                                                                                unused_variables,
                                                                                unused_mut,
                                                                                reason = "the pattern only looks"
                                                                            )]
                                                                            match __bespoke_value {
                                                                                Some(item) if __bespoke_matched(__bespoke_matches) => {
                                                                                    __bespoke_unmatched()
                                                                                }
                                                                                _ => {}
                                                                            }
                                                                            __bespoke_value
                                                                        },
                                                                    ),
                                                                    __bespoke_branch(
                                                                        __bespoke_rt::into_future(stop).__bespoke_part(),
                                                                        __bespoke_always,
                                                                    ),
                                                                ),
                                                            ),
                                                        )
                                                        .__bespoke_begin(__bespoke_hidden_1, __bespoke_inner);
                                                    __bespoke_guard_0.holds = 0;
                                                    break '__bespoke_2;
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
                                                    break '__bespoke_suspended 2;
                                                };
                                                match { __bespoke_value_0 } {
                                                    __bespoke_Out2::_0(__bespoke_value) => {
                                                        let Some(__bespoke_bound___bespoke_6_item) = ({
                                                            __bespoke_value
                                                        }) else { __bespoke_unmatched() };
                                                        __bespoke_rt::write(
                                                            __bespoke_place_3,
                                                            __bespoke_bound___bespoke_6_item,
                                                        );
                                                        let mut __bespoke_guard_3 = __bespoke_rt::Guard {
                                                            places: (__bespoke_place_3,),
                                                            holds: 1,
                                                            kept: __bespoke_kept,
                                                        };
                                                        let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                                (*__bespoke_place_3).check(),
                                                            )
                                                            .__bespoke_begin(__bespoke_hidden_2, __bespoke_inner);
                                                        __bespoke_guard_3.holds = 0;
                                                        __bespoke_guards_0.holds = 0;
                                                        break '__bespoke_3;
                                                    }
                                                    __bespoke_Out2::_1(__bespoke_value) => {
                                                        let _ = { __bespoke_value };
                                                        return {
                                                            let __bespoke_output: Option<Item> = { (None) };
                                                            __bespoke_rt::Step::Ready(__bespoke_output)
                                                        };
                                                        __bespoke_guards_0.holds = 0;
                                                        break '__bespoke_1;
                                                    }
                                                    __bespoke_Out2::Disabled => {
                                                        return {
                                                            let __bespoke_output: Option<Item> = {
                                                                (__bespoke_disabled())
                                                            };
                                                            __bespoke_rt::Step::Ready(__bespoke_output)
                                                        };
                                                        __bespoke_guards_0.holds = 0;
                                                        break '__bespoke_1;
                                                    }
                                                }
                                            };
                                        }
                                        let _: __bespoke_rt::Never = {
                                            let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                                places: (__bespoke_place_0, __bespoke_place_3),
                                                holds: 3,
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
                                            { __bespoke_value_1 };
                                            return {
                                                let __bespoke_output: Option<Item> = {
                                                    (Some(
                                                        __bespoke_rt::gone(
                                                                __bespoke_place_3,
                                                                &mut __bespoke_guards_0.holds,
                                                                2,
                                                            )
                                                            .read(),
                                                    ))
                                                };
                                                __bespoke_rt::Step::Ready(__bespoke_output)
                                            };
                                            __bespoke_guards_0.holds &= 2;
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
                    let (__bespoke_arguments, __bespoke_hidden_1, __bespoke_region_2) = __bespoke_rt::frame::share_3(
                        __bespoke_region_1,
                    );
                    let (__bespoke_place_3, __bespoke_hidden_2) = __bespoke_rt::frame::beside_2(
                        __bespoke_region_2,
                    );
                    let __bespoke_inner = &raw mut (*__bespoke_head).inner as *mut ();
                    let __bespoke_kept = __bespoke_rt::Kept::promise();
                    let __bespoke_state: ::core::primitive::u8 = (*__bespoke_head).state;
                    match __bespoke_state {
                        0 => {
                            if __bespoke_rt::trace::drops_unbegun(__bespoke_walk) {
                                let (__bespoke_argument_1,) = __bespoke_arguments.read();
                                let __bespoke_argument_1 = __bespoke_argument_1;
                                let __bespoke_argument_0 = __bespoke_rt::Guard {
                                    places: (__bespoke_place_0,),
                                    holds: 1,
                                    kept: __bespoke_kept,
                                };
                            }
                        }
                        2..=3 => {
                            let __bespoke_dropped = __bespoke_rt::trace::dropped(
                                &__bespoke_walk,
                                __bespoke_state,
                            );
                            let __bespoke_guards_0 = __bespoke_rt::Guard {
                                places: (__bespoke_place_0, __bespoke_place_3),
                                holds: match __bespoke_dropped {
                                    2 => 1,
                                    3 => 3,
                                    _ => 0,
                                },
                                kept: __bespoke_kept,
                            };
                            match __bespoke_state {
                                2 => {
                                    __bespoke_rt::trace::drops_of_macro(
                                        __bespoke_walk,
                                        "select! { … }",
                                        __bespoke_hidden_1,
                                        __bespoke_inner,
                                    )
                                }
                                3 => {
                                    __bespoke_rt::trace::drops(
                                        __bespoke_walk,
                                        "item.check()",
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
