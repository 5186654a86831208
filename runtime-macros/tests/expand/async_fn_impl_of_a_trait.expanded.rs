impl<'x, T: Debug, const N: usize> Find<'x, Vec<T>, N> for Table<T> {
    #[allow(
        clippy::implied_bounds_in_impls,
        reason = "machines look for the second bound"
    )]
    fn find<'__bespoke_a, '__bespoke_0, '__bespoke_1>(
        &'__bespoke_0 self,
        key: &'__bespoke_1 str,
    ) -> impl ::core::future::Future<Output = bool>
    where
        '__bespoke_0: '__bespoke_a,
        '__bespoke_1: '__bespoke_a,
        Self: '__bespoke_a,
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
                bool,
                _,
            >(async move {
                if false {
                    let _ = &self;
                    return ::bespoke::__private::machine::never::<bool>();
                }
                let key = key;
                { self.has(key) }
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
                bool,
                _,
            >(move || -> bool {
                if false {
                    let _ = &self;
                }
                let key = key;
                { self.has(key) }
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
                let _ = <Self as Find<'x, Vec<T>, N>>::async_fn_on_its_declaration;
                let __bespoke_self @ key @ _ = ();
            }
            if false {
                let _: ::core::primitive::i32 = {
                    let the_edition_is_2024 = ::core::cell::RefCell::new(0);
                    *the_edition_is_2024.borrow()
                };
            }
            let __bespoke_argument_0 = self;
            let __bespoke_argument_1 = key;
            __bespoke_rt::scalar(&raw const __bespoke_argument_0);
            __bespoke_rt::scalar(&raw const __bespoke_argument_1);
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
                    | -> __bespoke_rt::Step<bool, ::core::primitive::u8> {
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
                                            let __bespoke_self = __bespoke_argument_0;
                                            let key = __bespoke_argument_1;
                                            return {
                                                let __bespoke_output: bool = { (__bespoke_self.has(key)) };
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
                        let __bespoke_state: ::core::primitive::u8 = (*__bespoke_head)
                            .state;
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
}
