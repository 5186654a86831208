#[allow(clippy::implied_bounds_in_impls, reason = "machines look for the second bound")]
pub fn total<'__bespoke_a>(
    list: Vec<Item>,
    limit: &'__bespoke_a u64,
) -> impl ::core::future::Future<
    Output = Result<u64, Error>,
> + ::bespoke::__private::machine::InParts {
    #[cfg(clippy)]
    #[allow(
        unused_braces,
        clippy::diverging_sub_expression,
        reason = "clippy checks it; what runs is the machine"
    )]
    if false {
        ::bespoke::__private::machine::twin_for_clippy::<
            Result<u64, Error>,
            _,
        >(async move {
            if false {
                return ::bespoke::__private::machine::never::<Result<u64, Error>>();
            }
            let mut list = list;
            let limit = limit;
            {
                let mut sum = 0;
                while let Some(item) = list.pop() {
                    let price = price_of(&item).await?;
                    if price > *limit {
                        refuse(item).await;
                        continue;
                    }
                    sum += price;
                }
                Ok(sum)
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
    fn __bespoke_twin(mut list: Vec<Item>, limit: &u64) -> Result<u64, Error> {
        use ::bespoke::__private::machine::{
            wait as __bespoke_wait, Waited::Value as __bespoke_waited,
        };
        let mut sum = 0;
        while let Some(item) = list.pop() {
            let price = match __bespoke_wait(price_of(&item)) {
                __bespoke_returned => {
                    let __bespoke_waited(__bespoke_value) = __bespoke_returned else {
                        loop {}
                    };
                    __bespoke_value.0
                }
            }?;
            if price > *limit {
                match __bespoke_wait(refuse(item)) {
                    __bespoke_returned => {
                        let __bespoke_waited(__bespoke_value) = __bespoke_returned else {
                            loop {}
                        };
                        __bespoke_value.0
                    }
                };
                continue;
            }
            sum += price;
        }
        Ok(sum)
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
            let list @ limit @ sum @ item @ price @ _ = ();
        }
        if false {
            let _: ::core::primitive::i32 = {
                let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                *the_edition_is_2024.borrow()
            };
        }
        let __bespoke_argument_0 = list;
        let __bespoke_argument_1 = limit;
        __bespoke_rt::scalar(&raw const __bespoke_argument_1);
        unsafe {
            __bespoke_rt::machine::<
                _,
                _,
                Result<u64, Error>,
                _,
                _,
                _,
            >(
                move |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        ::core::primitive::u8,
                        ::core::primitive::u8,
                        _,
                    >,
                    __bespoke_storage: *mut _|
                unsafe {
                    let (__bespoke_place_0, __bespoke_place_1, _, _) = __bespoke_rt::frame::beside_4(
                        __bespoke_storage,
                    );
                    (*__bespoke_head).state = 0;
                    (*__bespoke_head).flags = 0;
                    __bespoke_rt::write(__bespoke_place_0, __bespoke_argument_0);
                    __bespoke_rt::write(__bespoke_place_1, __bespoke_argument_1);
                },
                |
                    __bespoke_head: *mut __bespoke_rt::Head<
                        _,
                        ::core::primitive::u8,
                        ::core::primitive::u8,
                        _,
                    >,
                    __bespoke_storage: *mut _,
                    __bespoke_context: &mut ::core::task::Context<'_>,
                | -> __bespoke_rt::Step<Result<u64, Error>, ::core::primitive::u8> {
                    unsafe {
                        let (
                            __bespoke_place_0,
                            __bespoke_place_1,
                            __bespoke_place_3,
                            __bespoke_region_1,
                        ) = __bespoke_rt::frame::beside_4(__bespoke_storage);
                        let __bespoke_hidden_1 = __bespoke_region_1 as *mut _;
                        let __bespoke_region_2 = __bespoke_region_1 as *mut _;
                        let (__bespoke_place_5, __bespoke_hidden_2) = __bespoke_rt::frame::beside_2(
                            __bespoke_region_2,
                        );
                        let __bespoke_place_2 = &raw mut (*__bespoke_head).x0;
                        let __bespoke_inner = &raw mut (*__bespoke_head).inner
                            as *mut ();
                        let __bespoke_flags = &raw mut (*__bespoke_head).flags;
                        let __bespoke_kept = __bespoke_rt::Kept::promise();
                        let mut __bespoke_state: ::core::primitive::u8 = (*__bespoke_head)
                            .state;
                        let __bespoke_suspended: ::core::primitive::u8 = '__bespoke_suspended: {
                            '__bespoke_machine: loop {
                                '__bespoke_states: {
                                    '__bespoke_2: {
                                        '__bespoke_4: {
                                            '__bespoke_5: {
                                                '__bespoke_3: {
                                                    '__bespoke_1: {
                                                        '__bespoke_0: {
                                                            match __bespoke_state {
                                                                0 => break '__bespoke_0,
                                                                1 => break '__bespoke_1,
                                                                3 => break '__bespoke_3,
                                                                5 => break '__bespoke_5,
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
                                                            let __bespoke_bound___bespoke_2_sum = 0;
                                                            __bespoke_rt::write(
                                                                __bespoke_place_2,
                                                                __bespoke_bound___bespoke_2_sum,
                                                            );
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
                                                        if let Some(__bespoke_bound___bespoke_3_item) = __bespoke_rt::whole(
                                                            (*__bespoke_place_0).pop(),
                                                        ) {
                                                            __bespoke_rt::write(
                                                                __bespoke_place_3,
                                                                __bespoke_bound___bespoke_3_item,
                                                            );
                                                            let mut __bespoke_guard_3 = __bespoke_rt::Guard {
                                                                places: (__bespoke_place_3,),
                                                                holds: 1,
                                                                kept: __bespoke_kept,
                                                            };
                                                            __bespoke_rt::note(
                                                                __bespoke_place_3,
                                                                &mut *__bespoke_flags,
                                                                0u32,
                                                            );
                                                            let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                                    price_of(&(*__bespoke_place_3)),
                                                                )
                                                                .__bespoke_begin(__bespoke_hidden_1, __bespoke_inner);
                                                            __bespoke_guard_3.holds = 0;
                                                            __bespoke_guards_0.holds = 0;
                                                            break '__bespoke_3;
                                                        } else {
                                                            __bespoke_guards_0.holds = 0;
                                                            break '__bespoke_2;
                                                        }
                                                    };
                                                }
                                                let _: __bespoke_rt::Never = {
                                                    let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                                        places: (__bespoke_place_0, __bespoke_place_3),
                                                        holds: __bespoke_rt::noted_1(3, *__bespoke_flags, 2, 0u32),
                                                        kept: __bespoke_kept,
                                                    };
                                                    let __bespoke_rt::Ready(__bespoke_value_0) = __bespoke_rt::poll(
                                                        __bespoke_hidden_1,
                                                        __bespoke_inner,
                                                        __bespoke_context,
                                                    ) else {
                                                        __bespoke_guards_0.holds = 0;
                                                        break '__bespoke_suspended 3;
                                                    };
                                                    let __bespoke_bound___bespoke_4_price = (match __bespoke_rt::question::Branch::branch({
                                                        __bespoke_value_0
                                                    }) {
                                                        ::core::ops::ControlFlow::Continue(__bespoke_value) => {
                                                            __bespoke_value
                                                        }
                                                        ::core::ops::ControlFlow::Break(__bespoke_residual) => {
                                                            return {
                                                                let __bespoke_output: Result<u64, Error> = __bespoke_rt::question::FromResidual::from_residual(
                                                                    __bespoke_residual,
                                                                );
                                                                __bespoke_rt::Step::Ready(__bespoke_output)
                                                            };
                                                        }
                                                    });
                                                    __bespoke_rt::write(
                                                        __bespoke_place_5,
                                                        __bespoke_bound___bespoke_4_price,
                                                    );
                                                    let mut __bespoke_guard_5 = __bespoke_rt::Guard {
                                                        places: (__bespoke_place_5,),
                                                        holds: 1,
                                                        kept: __bespoke_kept,
                                                    };
                                                    if (*__bespoke_place_5) > *(*__bespoke_place_1) {
                                                        let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                                refuse(
                                                                    __bespoke_rt::gone_noted(
                                                                            __bespoke_place_3,
                                                                            &mut __bespoke_guards_0.holds,
                                                                            2,
                                                                            &mut *__bespoke_flags,
                                                                            0u32,
                                                                        )
                                                                        .read(),
                                                                ),
                                                            )
                                                            .__bespoke_begin(__bespoke_hidden_2, __bespoke_inner);
                                                        __bespoke_guard_5.holds = 0;
                                                        __bespoke_guards_0.holds = 0;
                                                        break '__bespoke_5;
                                                    } else {
                                                        __bespoke_guard_5.holds = 0;
                                                        __bespoke_guards_0.holds = 0;
                                                        break '__bespoke_4;
                                                    }
                                                };
                                            }
                                            let _: __bespoke_rt::Never = {
                                                let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                                    places: (
                                                        __bespoke_place_0,
                                                        __bespoke_place_3,
                                                        __bespoke_place_5,
                                                    ),
                                                    holds: __bespoke_rt::noted_1(7, *__bespoke_flags, 2, 0u32),
                                                    kept: __bespoke_kept,
                                                };
                                                let __bespoke_rt::Ready(__bespoke_value_1) = __bespoke_rt::poll(
                                                    __bespoke_hidden_2,
                                                    __bespoke_inner,
                                                    __bespoke_context,
                                                ) else {
                                                    __bespoke_guards_0.holds = 0;
                                                    break '__bespoke_suspended 5;
                                                };
                                                { __bespoke_value_1 };
                                                {
                                                    ({
                                                        {
                                                            __bespoke_guards_0.holds &= 6;
                                                            __bespoke_state = 1;
                                                            continue '__bespoke_machine;
                                                        }
                                                    })
                                                };
                                                __bespoke_guards_0.holds = 0;
                                                break '__bespoke_4;
                                            };
                                        }
                                        let _: __bespoke_rt::Never = {
                                            let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                                places: (
                                                    __bespoke_place_0,
                                                    __bespoke_place_3,
                                                    __bespoke_place_5,
                                                ),
                                                holds: __bespoke_rt::noted_1(7, *__bespoke_flags, 2, 0u32),
                                                kept: __bespoke_kept,
                                            };
                                            (*__bespoke_place_2)
                                                += __bespoke_rt::gone(
                                                        __bespoke_place_5,
                                                        &mut __bespoke_guards_0.holds,
                                                        4,
                                                    )
                                                    .read();
                                            __bespoke_guards_0.holds &= 2;
                                            __bespoke_state = 1;
                                            continue '__bespoke_machine;
                                        };
                                    }
                                    let _: __bespoke_rt::Never = {
                                        let mut __bespoke_guards_0 = __bespoke_rt::Guard {
                                            places: (__bespoke_place_0,),
                                            holds: 1,
                                            kept: __bespoke_kept,
                                        };
                                        return {
                                            let __bespoke_output: Result<u64, Error> = {
                                                (Ok(__bespoke_place_2.read()))
                                            };
                                            __bespoke_rt::Step::Ready(__bespoke_output)
                                        };
                                    };
                                }
                            }
                            __bespoke_rt::frame::tie_2(
                                __bespoke_hidden_1,
                                __bespoke_region_2,
                                __bespoke_region_1,
                            );
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
                        ::core::primitive::u8,
                        ::core::primitive::u8,
                        _,
                    >,
                    __bespoke_storage: *mut _,
                    __bespoke_walk: ::core::option::Option<
                        &mut __bespoke_rt::trace::Walk<'_>,
                    >|
                unsafe {
                    let (
                        __bespoke_place_0,
                        __bespoke_place_1,
                        __bespoke_place_3,
                        __bespoke_region_1,
                    ) = __bespoke_rt::frame::beside_4(__bespoke_storage);
                    let (__bespoke_hidden_1, __bespoke_region_2) = __bespoke_rt::frame::share_2(
                        __bespoke_region_1,
                    );
                    let (__bespoke_place_5, __bespoke_hidden_2) = __bespoke_rt::frame::beside_2(
                        __bespoke_region_2,
                    );
                    let __bespoke_place_2 = &raw mut (*__bespoke_head).x0;
                    let __bespoke_inner = &raw mut (*__bespoke_head).inner as *mut ();
                    let __bespoke_flags = &raw mut (*__bespoke_head).flags;
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
                        3..=5 => {
                            let __bespoke_dropped = __bespoke_rt::trace::dropped(
                                &__bespoke_walk,
                                __bespoke_state,
                            );
                            let __bespoke_guards_0 = __bespoke_rt::Guard {
                                places: (
                                    __bespoke_place_0,
                                    __bespoke_place_3,
                                    __bespoke_place_5,
                                ),
                                holds: __bespoke_rt::noted_1(
                                    match __bespoke_dropped {
                                        3 => 3,
                                        5 => 7,
                                        _ => 0,
                                    },
                                    *__bespoke_flags,
                                    2,
                                    0u32,
                                ),
                                kept: __bespoke_kept,
                            };
                            match __bespoke_state {
                                3 => {
                                    __bespoke_rt::trace::drops(
                                        __bespoke_walk,
                                        "price_of(&item)",
                                        __bespoke_hidden_1,
                                        __bespoke_inner,
                                    )
                                }
                                5 => {
                                    __bespoke_rt::trace::drops(
                                        __bespoke_walk,
                                        "refuse(item)",
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
