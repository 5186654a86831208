impl<'x, T: Debug> View<'x, T> {
    #[allow(
        clippy::implied_bounds_in_impls,
        reason = "machines look for the second bound"
    )]
    fn first<'__bespoke_0, '__bespoke_1, '__bespoke_a>(
        &'__bespoke_0 mut self,
        other: &'__bespoke_1 T,
        by: usize,
    ) -> impl ::core::future::Future<
        Output = &'__bespoke_0 T,
    > + ::bespoke::__private::machine::InParts
    where
        '__bespoke_0: '__bespoke_a,
        '__bespoke_1: '__bespoke_a,
        'x: '__bespoke_a,
        T: '__bespoke_a,
    {
        #[cfg(clippy)]
        #[allow(
            unused_braces,
            clippy::diverging_sub_expression,
            reason = "clippy checks it; what runs is the machine"
        )]
        if false {
            ::bespoke::__private::machine::twin_for_clippy::<
                &'__bespoke_0 T,
                _,
            >(async move {
                if false {
                    let _ = &self;
                    return ::bespoke::__private::machine::never::<&'__bespoke_0 T>();
                }
                let other = other;
                let mut by = by;
                {
                    by += self.step;
                    pause().await;
                    self.at(by)
                }
            });
        }
        #[cfg(not(clippy))]
        #[allow(
            unconditional_panic,
            arithmetic_overflow,
            reason = "of an `async fn` rustc does not say it"
        )]
        if false {
            ::bespoke::__private::machine::twin::<
                &'__bespoke_0 T,
                _,
            >(move || -> &'__bespoke_0 T {
                if false {
                    let _ = &self;
                }
                let other = other;
                let mut by = by;
                {
                    use ::bespoke::__private::machine::{
                        wait as __bespoke_wait, Waited::Value as __bespoke_waited,
                    };
                    by += self.step;
                    match __bespoke_wait(pause()) {
                        __bespoke_returned => {
                            let __bespoke_waited(__bespoke_value) = __bespoke_returned
                            else { loop {} };
                            __bespoke_value.0
                        }
                    };
                    self.at(by)
                }
            });
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
                let __bespoke_self @ other @ by @ _ = ();
            }
            if false {
                let _: ::core::primitive::i32 = {
                    let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                    *the_edition_is_2024.borrow()
                };
            }
            let __bespoke_argument_0 = self;
            let __bespoke_argument_1 = other;
            let __bespoke_argument_2 = by;
            __bespoke_rt::scalar(&raw const __bespoke_argument_0);
            __bespoke_rt::scalar(&raw const __bespoke_argument_1);
            __bespoke_rt::scalar(&raw const __bespoke_argument_2);
            unsafe {
                __bespoke_rt::machine::<
                    _,
                    _,
                    &'__bespoke_0 T,
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
                        let (__bespoke_place_0, __bespoke_place_1, __bespoke_region_1) = __bespoke_rt::frame::beside_3(
                            __bespoke_storage,
                        );
                        let (__bespoke_arguments, __bespoke_hidden_1) = __bespoke_rt::frame::share_2(
                            __bespoke_region_1,
                        );
                        (*__bespoke_head).state = 0;
                        (*__bespoke_head).flags = ();
                        __bespoke_rt::write(__bespoke_place_0, __bespoke_argument_0);
                        __bespoke_rt::write(__bespoke_place_1, __bespoke_argument_2);
                        __bespoke_rt::write(
                            __bespoke_arguments,
                            (__bespoke_argument_1,),
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
                    | -> __bespoke_rt::Step<&'__bespoke_0 T, ::core::primitive::u8> {
                        unsafe {
                            let (
                                __bespoke_place_0,
                                __bespoke_place_1,
                                __bespoke_region_1,
                            ) = __bespoke_rt::frame::beside_3(__bespoke_storage);
                            let (__bespoke_arguments, __bespoke_hidden_1) = __bespoke_rt::frame::share_2(
                                __bespoke_region_1,
                            );
                            let __bespoke_inner = &raw mut (*__bespoke_head).inner
                                as *mut ();
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
                                                let (__bespoke_argument_1,) = __bespoke_arguments.read();
                                                let other = __bespoke_argument_1;
                                                (*__bespoke_place_1) += (*__bespoke_place_0).step;
                                                let _: __bespoke_rt::Begun = __bespoke_rt::into_future(
                                                        pause(),
                                                    )
                                                    .__bespoke_begin(__bespoke_hidden_1, __bespoke_inner);
                                                break '__bespoke_1;
                                            };
                                        }
                                        let _: __bespoke_rt::Never = {
                                            let __bespoke_rt::Ready(__bespoke_value_0) = __bespoke_rt::poll(
                                                __bespoke_hidden_1,
                                                __bespoke_inner,
                                                __bespoke_context,
                                            ) else {
                                                break '__bespoke_suspended 1;
                                            };
                                            { __bespoke_value_0 };
                                            return {
                                                let __bespoke_output: &'__bespoke_0 T = {
                                                    ((*__bespoke_place_0).at(__bespoke_place_1.read()))
                                                };
                                                __bespoke_rt::Step::Ready(__bespoke_output)
                                            };
                                        };
                                    }
                                }
                                let __bespoke_region_2 = &raw mut (*__bespoke_head).inner;
                                __bespoke_rt::parts::heads_1(
                                    __bespoke_hidden_1,
                                    __bespoke_region_2,
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
                        let (__bespoke_place_0, __bespoke_place_1, __bespoke_region_1) = __bespoke_rt::frame::beside_3(
                            __bespoke_storage,
                        );
                        let (__bespoke_arguments, __bespoke_hidden_1) = __bespoke_rt::frame::share_2(
                            __bespoke_region_1,
                        );
                        let __bespoke_inner = &raw mut (*__bespoke_head).inner
                            as *mut ();
                        let __bespoke_state: ::core::primitive::u8 = (*__bespoke_head)
                            .state;
                        match __bespoke_state {
                            0 => {
                                if __bespoke_rt::trace::drops_unbegun(__bespoke_walk) {
                                    let (__bespoke_argument_1,) = __bespoke_arguments.read();
                                    let __bespoke_argument_1 = __bespoke_argument_1;
                                }
                            }
                            1..=1 => {
                                let __bespoke_dropped = __bespoke_rt::trace::dropped(
                                    &__bespoke_walk,
                                    __bespoke_state,
                                );
                                match __bespoke_state {
                                    1 => {
                                        __bespoke_rt::trace::drops(
                                            __bespoke_walk,
                                            "pause()",
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
    fn step(&self) -> usize {
        self.step
    }
}
