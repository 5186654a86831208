# The loop of one thread, the main future in it, which yields.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 364, calls 34, through a pointer 6, locked 0
push rbp
push r15
push r14
push r13
push r12
push rbx
sub rsp, 0x58
mov r12, rsi
mov rbx, rdi
call qword ptr [bespoke_core::task::current::Entered::new]
mov [rsp + 0x20], rax
cmp dword ptr [rbx + 0x458], 0x2
je .31
mov r15, [rbx + 0x910]
test r15, r15
je .32
mov rcx, [r12]
mov r13, [r12 + 0x8]
mov rax, [r12 + 0x10]
mov [rsp + 0x18], rax
movzx eax, byte ptr [r12 + 0x18]
mov [rsp + 0xe], al
movzx eax, byte ptr [r12 + 0x19]
mov [rsp + 0xf], al
mov r12, rcx
mov rax, [rbx + 0x28]
test rax, rax
jne .33
.0: mov eax, [r15 + 0x10]
test al, 0x5
jne .2
mov ecx, eax
or ecx, 0x1
mov [r15 + 0x10], ecx
test al, 0x2
jne .2
mov r14, [r15 + 0x8]
mov rax, [r14 + 0x78]
mov rcx, [r14 + 0x88]
mov rdx, rcx
sub rdx, [r14 + 0x80]
cmp rdx, rax
ja .34
.1: and rax, rcx
mov rcx, [r14 + 0x68]
mov [rcx + rax*8], r15
inc qword ptr [r14 + 0x88]
.2: mov r14d, 0x3d
mov [rsp + 0x10], r15
jmp .5
.3: mov rdi, rbp
call bespoke_core::task::refs::unpin_popped
.4: dec r14d
je .22
.5: mov rax, [rbx + 0x80]
cmp rax, [rbx + 0x88]
jne .8
mov esi, 0x3d
sub esi, r14d
mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_idle
.6: mov rax, [rbx + 0x80]
cmp rax, [rbx + 0x88]
jne .7
mov rdi, rbx
xor esi, esi
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_idle
jmp .6
.7: mov r14d, 0x3d
.8: mov rcx, [rbx + 0x78]
and rcx, rax
mov rdx, [rbx + 0x68]
mov rbp, [rdx + rcx*8]
inc rax
mov [rbx + 0x80], rax
cmp rbp, r15
je .9
mov dword ptr [rbx + 0x1c], 0x80
mov eax, [rbp + 0x10]
test al, 0x4
jne .3
mov ecx, eax
and ecx, 0xfffffff8
or ecx, 0x2
mov [rbp + 0x10], ecx
test al, 0x8
jne .23
lea rax, [data 0]
mov [rsp + 0x48], rax
mov [rsp + 0x50], rbp
mov rax, [rbp]
mov rax, [rax + 0x18]
lea rcx, [rsp + 0x48]
mov [rsp + 0x28], rcx
mov [rsp + 0x30], rcx
mov qword ptr [rsp + 0x38], 0x0
mov rdi, rbp
lea rsi, [rsp + 0x28]
call rax
mov ecx, [rbp + 0x10]
test al, al
je .13
movzx eax, al
cmp eax, 0x1
jne .15
mov eax, ecx
and eax, 0xfffffff8
or eax, 0x4
mov [rbp + 0x10], eax
test cl, 0x10
jne .18
mov rax, [rbp]
mov rdi, rbp
xor esi, esi
call qword ptr [rax + 0x28]
jmp .21
.9: and dword ptr [r15 + 0x10], 0xfffffffe
mov dword ptr [rbx + 0x1c], 0x80
movzx eax, byte ptr [rsp + 0xf]
lea rdx, [data 1]
movsxd rcx, [rdx + rax*4]
add rcx, rdx
jmp rcx
mov r13, [rsp + 0x18]
mov r12, rax
jmp .10
test byte ptr [rsp + 0xe], 0x1
mov byte ptr [rsp + 0xe], 0x1
je .11
.10: mov byte ptr [rsp + 0xf], 0x1
cmp r12, r13
jae .12
inc r12
.11: mov rdi, r15
mov r15, r12
mov r12, r13
mov r13, [rdi + 0x8]
mov rax, thread-local
cmp fs:[rax], r13
jne .24
mov eax, [rdi + 0x10]
mov ebp, 0x1
mov byte ptr [rsp + 0xe], 0x1
mov byte ptr [rsp + 0xf], 0x3
test al, 0x5
je .16
mov r13, r12
mov r12, r15
mov r15, rdi
test bpl, 0x1
jne .4
jmp .29
.12: xor ebp, ebp
test bpl, 0x1
jne .4
jmp .29
.13: test cl, 0x8
jne .19
mov eax, ecx
and eax, 0xfffffff5
mov [rbp + 0x10], eax
test cl, 0x1
je .4
mov rax, [rbx + 0x78]
mov rcx, [rbx + 0x88]
mov rdx, rcx
sub rdx, [rbx + 0x80]
cmp rdx, rax
ja .28
.14: and rax, rcx
mov rcx, [rbx + 0x68]
mov [rcx + rax*8], rbp
inc qword ptr [rbx + 0x88]
jmp .4
.15: mov eax, ecx
and eax, 0xffffffb8
or eax, 0x44
mov [rbp + 0x10], eax
test cl, 0x10
jne .20
mov rax, [rbp]
mov rdi, rbp
mov esi, 0x1
call qword ptr [rax + 0x28]
jmp .21
.16: mov ecx, eax
or ecx, 0x1
mov [rdi + 0x10], ecx
test al, 0x2
jne .25
mov rax, [r13 + 0x78]
mov rcx, [r13 + 0x88]
mov rdx, rcx
sub rdx, [r13 + 0x80]
cmp rdx, rax
ja .27
.17: and rax, rcx
mov rcx, [r13 + 0x68]
mov rdx, [rsp + 0x10]
mov [rcx + rax*8], rdx
inc qword ptr [r13 + 0x88]
mov r13, r12
mov r12, r15
mov r15, rdx
test bpl, 0x1
jne .4
jmp .29
.18: test cl, 0x20
je .21
mov rax, [rbp + 0x28]
mov rdi, [rbp + 0x30]
call qword ptr [rax + 0x8]
jmp .21
.19: mov qword ptr [rsp + 0x28], 0x3
mov rdi, rbp
xor esi, esi
lea rdx, [rsp + 0x28]
call bespoke_core::task::run::cancel_because
jmp .4
.20: test cl, 0x20
je .21
mov rax, [rbp + 0x28]
mov rdi, [rbp + 0x30]
call qword ptr [rax + 0x8]
.21: mov eax, [rbp + 0x10]
add eax, 0xffffff00
mov [rbp + 0x10], eax
cmp eax, 0x100
jae .4
mov rax, [rbp + 0x18]
test rax, rax
jne .26
mov eax, [rbp + 0x10]
test al, 0x1
jne .4
mov rax, [rbp]
mov rcx, [rbp + 0x8]
mov edi, [rbp + 0x14]
dec qword ptr [rcx + 0x58]
mov rsi, [rcx + 0x50]
cmp rsi, rdi
jbe .35
mov rdx, [rcx + 0x48]
mov esi, [rcx + 0x60]
lea rsi, [rsi*2 + 0x1]
mov [rdx + rdi*8], rsi
mov [rcx + 0x60], edi
mov rdi, rbp
xor esi, esi
call qword ptr [rax + 0x30]
jmp .4
.22: mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_look_around
mov r14d, 0x3d
jmp .5
.23: mov qword ptr [rsp + 0x28], 0x3
mov rdi, rbp
xor esi, esi
lea rdx, [rsp + 0x28]
call bespoke_core::task::run::cancel_because
jmp .4
.24: mov esi, 0x2
xor edx, edx
call bespoke_core::task::refs::__bespoke_cold_foreign
mov ebp, 0x1
mov byte ptr [rsp + 0xe], 0x1
mov byte ptr [rsp + 0xf], 0x3
.25: mov r13, r12
mov r12, r15
mov r15, [rsp + 0x10]
test bpl, 0x1
jne .4
jmp .29
.26: mov rdi, rbp
call bespoke_core::task::refs::__bespoke_cold_pull
jmp .4
.27: lea rdi, [r13 + 0x68]
lea rsi, [rax*2 + 0x2]
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, [r13 + 0x78]
mov rcx, [r13 + 0x88]
jmp .17
.28: lea rsi, [rax*2 + 0x2]
lea rdi, [rbx + 0x68]
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, [rbx + 0x78]
mov rcx, [rbx + 0x88]
jmp .14
mov rdi, rax
call qword ptr [std::panicking::catch_unwind::cleanup]
mov rdi, rax
mov rsi, rdx
call qword ptr [bespoke_core::task::run::__bespoke_cold_drop_panic]
jmp .21
mov rdi, rax
call qword ptr [std::panicking::catch_unwind::cleanup]
mov rdi, rax
mov rsi, rdx
call qword ptr [bespoke_core::task::run::__bespoke_cold_drop_panic]
jmp .21
.29: mov eax, 0x3e
sub eax, r14d
add [rbx + 0x880], rax
mov rax, [rbx + 0x58]
cmp byte ptr [rbx + 0x908], 0x1
jne .30
movzx ecx, byte ptr [rbx + 0x64]
xor rcx, 0x1
xor edx, edx
sub rax, rcx
cmovb rax, rdx
.30: mov [rbx + 0x8a0], rax
lea rdi, [rsp + 0x20]
call qword ptr [<bespoke_core::task::current::Entered as core::ops::drop::Drop>::drop]
mov rax, [rsp + 0x18]
add rsp, 0x58
pop rbx
pop r12
pop r13
pop r14
pop r15
pop rbp
ret
.31: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
jmp .36
.32: lea rdi, [data 4]
lea rdx, [data 5]
mov esi, 0xa1
call qword ptr [core::panicking::panic_fmt]
jmp .36
.33: mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_take_inbox
jmp .0
.34: lea rdi, [r14 + 0x68]
lea rsi, [rax*2 + 0x2]
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, [r14 + 0x78]
mov rcx, [r14 + 0x88]
jmp .1
lea rdi, [data 6]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed]
jmp .36
lea rdi, [data 6]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed_panic]
jmp .36
.35: lea rdx, [data 7]
call qword ptr [core::panicking::panic_bounds_check]
.36: ud2
call qword ptr [core::panicking::panic_cannot_unwind]
call qword ptr [core::panicking::panic_cannot_unwind]
jmp .37
jmp .37
jmp .37
jmp .37
jmp .37
.37: mov rbx, rax
lea rdi, [rsp + 0x20]
call qword ptr [<bespoke_core::task::current::Entered as core::ops::drop::Drop>::drop]
mov rdi, rbx
call _Unwind_Resume
call qword ptr [core::panicking::panic_in_cleanup]

== numbers: instructions 364, calls 34, through a pointer 6, locked 0
as base, but for
instruction 48: .2: mov r14d, 0x11
instruction 58: mov esi, 0x11
instruction 69: .7: mov r14d, 0x11
instruction 78: mov dword ptr [rbx + 0x1c], 0x21
instruction 118: mov dword ptr [rbx + 0x1c], 0x21
instruction 254: mov r14d, 0x11
instruction 301: .29: mov eax, 0x12

== unbudgeted: instructions 362, calls 34, through a pointer 6, locked 0
push rbp
push r15
push r14
push r13
push r12
push rbx
sub rsp, 0x58
mov r12, rsi
mov rbx, rdi
call qword ptr [bespoke_core::task::current::Entered::new]
mov [rsp + 0x20], rax
cmp dword ptr [rbx + 0x458], 0x2
je .31
mov r15, [rbx + 0x910]
test r15, r15
je .32
mov rcx, [r12]
mov r13, [r12 + 0x8]
mov rax, [r12 + 0x10]
mov [rsp + 0x18], rax
movzx eax, byte ptr [r12 + 0x18]
mov [rsp + 0xe], al
movzx eax, byte ptr [r12 + 0x19]
mov [rsp + 0xf], al
mov r12, rcx
mov rax, [rbx + 0x28]
test rax, rax
jne .33
.0: mov eax, [r15 + 0x10]
test al, 0x5
jne .2
mov ecx, eax
or ecx, 0x1
mov [r15 + 0x10], ecx
test al, 0x2
jne .2
mov r14, [r15 + 0x8]
mov rax, [r14 + 0x78]
mov rcx, [r14 + 0x88]
mov rdx, rcx
sub rdx, [r14 + 0x80]
cmp rdx, rax
ja .34
.1: and rax, rcx
mov rcx, [r14 + 0x68]
mov [rcx + rax*8], r15
inc qword ptr [r14 + 0x88]
.2: mov r14d, 0x3d
mov [rsp + 0x10], r15
jmp .5
.3: mov rdi, rbp
call bespoke_core::task::refs::unpin_popped
.4: dec r14d
je .22
.5: mov rax, [rbx + 0x80]
cmp rax, [rbx + 0x88]
jne .8
mov esi, 0x3d
sub esi, r14d
mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_idle
.6: mov rax, [rbx + 0x80]
cmp rax, [rbx + 0x88]
jne .7
mov rdi, rbx
xor esi, esi
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_idle
jmp .6
.7: mov r14d, 0x3d
.8: mov rcx, [rbx + 0x78]
and rcx, rax
mov rdx, [rbx + 0x68]
mov rbp, [rdx + rcx*8]
inc rax
mov [rbx + 0x80], rax
cmp rbp, r15
je .9
mov eax, [rbp + 0x10]
test al, 0x4
jne .3
mov ecx, eax
and ecx, 0xfffffff8
or ecx, 0x2
mov [rbp + 0x10], ecx
test al, 0x8
jne .23
lea rax, [data 0]
mov [rsp + 0x48], rax
mov [rsp + 0x50], rbp
mov rax, [rbp]
mov rax, [rax + 0x18]
lea rcx, [rsp + 0x48]
mov [rsp + 0x28], rcx
mov [rsp + 0x30], rcx
mov qword ptr [rsp + 0x38], 0x0
mov rdi, rbp
lea rsi, [rsp + 0x28]
call rax
mov ecx, [rbp + 0x10]
test al, al
je .13
movzx eax, al
cmp eax, 0x1
jne .15
mov eax, ecx
and eax, 0xfffffff8
or eax, 0x4
mov [rbp + 0x10], eax
test cl, 0x10
jne .18
mov rax, [rbp]
mov rdi, rbp
xor esi, esi
call qword ptr [rax + 0x28]
jmp .21
.9: and dword ptr [r15 + 0x10], 0xfffffffe
movzx eax, byte ptr [rsp + 0xf]
lea rdx, [data 1]
movsxd rcx, [rdx + rax*4]
add rcx, rdx
jmp rcx
mov r13, [rsp + 0x18]
mov r12, rax
jmp .10
test byte ptr [rsp + 0xe], 0x1
mov byte ptr [rsp + 0xe], 0x1
je .11
.10: mov byte ptr [rsp + 0xf], 0x1
cmp r12, r13
jae .12
inc r12
.11: mov rdi, r15
mov r15, r12
mov r12, r13
mov r13, [rdi + 0x8]
mov rax, thread-local
cmp fs:[rax], r13
jne .24
mov eax, [rdi + 0x10]
mov ebp, 0x1
mov byte ptr [rsp + 0xe], 0x1
mov byte ptr [rsp + 0xf], 0x3
test al, 0x5
je .16
mov r13, r12
mov r12, r15
mov r15, rdi
test bpl, 0x1
jne .4
jmp .29
.12: xor ebp, ebp
test bpl, 0x1
jne .4
jmp .29
.13: test cl, 0x8
jne .19
mov eax, ecx
and eax, 0xfffffff5
mov [rbp + 0x10], eax
test cl, 0x1
je .4
mov rax, [rbx + 0x78]
mov rcx, [rbx + 0x88]
mov rdx, rcx
sub rdx, [rbx + 0x80]
cmp rdx, rax
ja .28
.14: and rax, rcx
mov rcx, [rbx + 0x68]
mov [rcx + rax*8], rbp
inc qword ptr [rbx + 0x88]
jmp .4
.15: mov eax, ecx
and eax, 0xffffffb8
or eax, 0x44
mov [rbp + 0x10], eax
test cl, 0x10
jne .20
mov rax, [rbp]
mov rdi, rbp
mov esi, 0x1
call qword ptr [rax + 0x28]
jmp .21
.16: mov ecx, eax
or ecx, 0x1
mov [rdi + 0x10], ecx
test al, 0x2
jne .25
mov rax, [r13 + 0x78]
mov rcx, [r13 + 0x88]
mov rdx, rcx
sub rdx, [r13 + 0x80]
cmp rdx, rax
ja .27
.17: and rax, rcx
mov rcx, [r13 + 0x68]
mov rdx, [rsp + 0x10]
mov [rcx + rax*8], rdx
inc qword ptr [r13 + 0x88]
mov r13, r12
mov r12, r15
mov r15, rdx
test bpl, 0x1
jne .4
jmp .29
.18: test cl, 0x20
je .21
mov rax, [rbp + 0x28]
mov rdi, [rbp + 0x30]
call qword ptr [rax + 0x8]
jmp .21
.19: mov qword ptr [rsp + 0x28], 0x3
mov rdi, rbp
xor esi, esi
lea rdx, [rsp + 0x28]
call bespoke_core::task::run::cancel_because
jmp .4
.20: test cl, 0x20
je .21
mov rax, [rbp + 0x28]
mov rdi, [rbp + 0x30]
call qword ptr [rax + 0x8]
.21: mov eax, [rbp + 0x10]
add eax, 0xffffff00
mov [rbp + 0x10], eax
cmp eax, 0x100
jae .4
mov rax, [rbp + 0x18]
test rax, rax
jne .26
mov eax, [rbp + 0x10]
test al, 0x1
jne .4
mov rax, [rbp]
mov rcx, [rbp + 0x8]
mov edi, [rbp + 0x14]
dec qword ptr [rcx + 0x58]
mov rsi, [rcx + 0x50]
cmp rsi, rdi
jbe .35
mov rdx, [rcx + 0x48]
mov esi, [rcx + 0x60]
lea rsi, [rsi*2 + 0x1]
mov [rdx + rdi*8], rsi
mov [rcx + 0x60], edi
mov rdi, rbp
xor esi, esi
call qword ptr [rax + 0x30]
jmp .4
.22: mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_look_around
mov r14d, 0x3d
jmp .5
.23: mov qword ptr [rsp + 0x28], 0x3
mov rdi, rbp
xor esi, esi
lea rdx, [rsp + 0x28]
call bespoke_core::task::run::cancel_because
jmp .4
.24: mov esi, 0x2
xor edx, edx
call bespoke_core::task::refs::__bespoke_cold_foreign
mov ebp, 0x1
mov byte ptr [rsp + 0xe], 0x1
mov byte ptr [rsp + 0xf], 0x3
.25: mov r13, r12
mov r12, r15
mov r15, [rsp + 0x10]
test bpl, 0x1
jne .4
jmp .29
.26: mov rdi, rbp
call bespoke_core::task::refs::__bespoke_cold_pull
jmp .4
.27: lea rdi, [r13 + 0x68]
lea rsi, [rax*2 + 0x2]
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, [r13 + 0x78]
mov rcx, [r13 + 0x88]
jmp .17
.28: lea rsi, [rax*2 + 0x2]
lea rdi, [rbx + 0x68]
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, [rbx + 0x78]
mov rcx, [rbx + 0x88]
jmp .14
mov rdi, rax
call qword ptr [std::panicking::catch_unwind::cleanup]
mov rdi, rax
mov rsi, rdx
call qword ptr [bespoke_core::task::run::__bespoke_cold_drop_panic]
jmp .21
mov rdi, rax
call qword ptr [std::panicking::catch_unwind::cleanup]
mov rdi, rax
mov rsi, rdx
call qword ptr [bespoke_core::task::run::__bespoke_cold_drop_panic]
jmp .21
.29: mov eax, 0x3e
sub eax, r14d
add [rbx + 0x880], rax
mov rax, [rbx + 0x58]
cmp byte ptr [rbx + 0x908], 0x1
jne .30
movzx ecx, byte ptr [rbx + 0x64]
xor rcx, 0x1
xor edx, edx
sub rax, rcx
cmovb rax, rdx
.30: mov [rbx + 0x8a0], rax
lea rdi, [rsp + 0x20]
call qword ptr [<bespoke_core::task::current::Entered as core::ops::drop::Drop>::drop]
mov rax, [rsp + 0x18]
add rsp, 0x58
pop rbx
pop r12
pop r13
pop r14
pop r15
pop rbp
ret
.31: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
jmp .36
.32: lea rdi, [data 4]
lea rdx, [data 5]
mov esi, 0xa1
call qword ptr [core::panicking::panic_fmt]
jmp .36
.33: mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::__bespoke_cold_take_inbox
jmp .0
.34: lea rdi, [r14 + 0x68]
lea rsi, [rax*2 + 0x2]
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, [r14 + 0x78]
mov rcx, [r14 + 0x88]
jmp .1
lea rdi, [data 6]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed]
jmp .36
lea rdi, [data 6]
call qword ptr [core::panicking::panic_const::panic_const_async_fn_resumed_panic]
jmp .36
.35: lea rdx, [data 7]
call qword ptr [core::panicking::panic_bounds_check]
.36: ud2
call qword ptr [core::panicking::panic_cannot_unwind]
call qword ptr [core::panicking::panic_cannot_unwind]
jmp .37
jmp .37
jmp .37
jmp .37
jmp .37
.37: mov rbx, rax
lea rdi, [rsp + 0x20]
call qword ptr [<bespoke_core::task::current::Entered as core::ops::drop::Drop>::drop]
mov rdi, rbx
call _Unwind_Resume
call qword ptr [core::panicking::panic_in_cleanup]

== simulated: instructions 364, calls 34, through a pointer 6, locked 0
as base

== driverless: instructions 364, calls 34, through a pointer 6, locked 0
as base, but for
instruction 12: cmp qword ptr [rbx + 0x450], 0x0
instruction 14: mov r15, [rbx + 0x890]
instruction 303: add [rbx + 0x800], rax
instruction 305: cmp byte ptr [rbx + 0x888], 0x1
instruction 312: .30: mov [rbx + 0x820], rax
