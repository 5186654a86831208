# The poll of a task that yields once.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 48, calls 5, through a pointer 1, locked 0
push rbx
mov rbx, rdi
mov rax, [rsi]
movzx ecx, byte ptr [rdi + 0x41]
lea rdx, [data 0]
movsxd rcx, [rdx + rcx*4]
add rcx, rdx
jmp rcx
mov byte ptr [rbx + 0x40], 0x1
jmp .1
cmp byte ptr [rbx + 0x40], 0x0
mov byte ptr [rbx + 0x40], 0x1
je .1
mov rax, [rbx + 0x38]
mov byte ptr [rbx + 0x41], 0x1
xor ecx, ecx
test cl, 0x1
jne .2
.0: mov [rbx + 0x38], rax
mov al, 0x1
pop rbx
ret
.1: mov rcx, [rax]
mov rdi, [rax + 0x8]
call qword ptr [rcx + 0x10]
mov byte ptr [rbx + 0x41], 0x3
mov ecx, 0x1
test cl, 0x1
je .0
.2: xor eax, eax
pop rbx
ret
lea rdi, [data 1]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed_panic]
jmp .3
lea rdi, [data 1]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed]
.3: ud2
mov byte ptr [rbx + 0x41], 0x2
jmp .4
.4: mov rdi, rax
call qword ptr [std::panicking::catch_unwind::cleanup]
add rbx, 0x38
mov rdi, rbx
mov rsi, rax
pop rbx
jmp bespoke_core::worker::cell::Of<C,F,X,B>::fail
call qword ptr [core::panicking::panic_cannot_unwind]

== simulated: instructions 48, calls 5, through a pointer 1, locked 0
as base

== fatal: instructions 53, calls 6, through a pointer 1, locked 0
push r14
push rbx
push rax
mov rbx, rdi
mov rax, [rsi]
movzx ecx, byte ptr [rdi + 0x41]
lea rdx, [data 0]
movsxd rcx, [rdx + rcx*4]
add rcx, rdx
jmp rcx
mov byte ptr [rbx + 0x40], 0x1
jmp .1
cmp byte ptr [rbx + 0x40], 0x0
mov byte ptr [rbx + 0x40], 0x1
je .1
mov rax, [rbx + 0x38]
mov byte ptr [rbx + 0x41], 0x1
xor ecx, ecx
test cl, 0x1
jne .2
.0: mov [rbx + 0x38], rax
mov al, 0x1
add rsp, 0x8
pop rbx
pop r14
ret
.1: mov rcx, [rax]
mov rdi, [rax + 0x8]
call qword ptr [rcx + 0x10]
mov byte ptr [rbx + 0x41], 0x3
mov ecx, 0x1
test cl, 0x1
je .0
.2: xor eax, eax
add rsp, 0x8
pop rbx
pop r14
ret
lea rdi, [data 1]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed_panic]
jmp .3
lea rdi, [data 1]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed]
.3: ud2
mov r14, rax
mov byte ptr [rbx + 0x41], 0x2
jmp .4
mov r14, rax
.4: lea rdi, [rsp + 0x7]
call qword ptr [<bespoke_core::worker::cell::Uncaught as core::ops::drop::Drop>::drop]
mov rdi, r14
call _Unwind_Resume
call qword ptr [core::panicking::panic_in_cleanup]

== several: instructions 48, calls 5, through a pointer 1, locked 0
as base
