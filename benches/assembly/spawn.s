# `spawn` of a small future: allocate, write, list, queue.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 119, calls 7, through a pointer 0, locked 0
push r15
push r14
push rbx
sub rsp, 0x30
mov [rsp], rdi
mov byte ptr [rsp + 0x9], 0x0
mov rax, thread-local
mov rbx, fs:[rax]
test rbx, rbx
je .8
mov rax, [rbx + 0x8]
lea rcx, [data 0]
cmp rax, rcx
je .0
movdqu xmm0, [rax + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb eax, xmm0
cmp eax, 0xffff
jne .8
.0: mov r14, [rsp + 0x8]
mov rax, [rbx + 0x120]
test rax, rax
je .9
mov rcx, [rax]
mov [rbx + 0x120], rcx
.1: lea rcx, [data 2]
mov [rax], rcx
mov [rax + 0x8], rbx
mov rcx, 0xffffffff00000211
mov [rax + 0x10], rcx
pxor xmm0, xmm0
movdqu [rax + 0x18], xmm0
mov [rax + 0x38], rdi
mov [rax + 0x40], r14
inc qword ptr [rbx + 0x58]
mov ecx, [rbx + 0x60]
mov r14, [rbx + 0x50]
cmp r14, rcx
jbe .3
mov rdx, [rbx + 0x48]
mov rsi, [rdx + rcx*8]
shr rsi, 0x1
mov [rbx + 0x60], esi
mov [rdx + rcx*8], rax
mov [rax + 0x14], ecx
cmp byte ptr [rbx + 0x20], 0x1
jne .5
.2: and dword ptr [rax + 0x10], 0xfffffffe
mov esi, [rax + 0x10]
test sil, 0x6
jne .7
mov ecx, esi
or ecx, 0x2
mov [rax + 0x10], ecx
mov qword ptr [rsp + 0x10], 0x3
and esi, 0x1
lea rdx, [rsp + 0x10]
mov rdi, rax
mov rbx, rax
call bespoke_core::task::run::cancel_because
mov rax, rbx
jmp .7
.3: mov ecx, 0xfffffffe
cmp r14, rcx
ja .11
cmp r14, [rbx + 0x40]
je .10
.4: mov rcx, [rbx + 0x48]
mov [rcx + r14*8], rax
mov rcx, r14
inc rcx
mov [rbx + 0x50], rcx
mov ecx, r14d
mov [rax + 0x14], ecx
cmp byte ptr [rbx + 0x20], 0x1
je .2
.5: mov rcx, [rbx + 0x78]
mov rdx, [rbx + 0x88]
mov rsi, rdx
sub rsi, [rbx + 0x80]
cmp rsi, rcx
ja .12
.6: and rcx, rdx
mov rdx, [rbx + 0x68]
mov [rdx + rcx*8], rax
inc qword ptr [rbx + 0x88]
.7: add rsp, 0x30
pop rbx
pop r14
pop r15
ret
.8: mov rdi, rsp
call bespoke_core::runtime::handle::spawn_served
jmp .7
.9: lea rax, [rbx + 0x100]
mov esi, 0x4
mov r15, rdi
mov rdi, rax
call qword ptr [bespoke_alloc::pooled::pool::Pool::__bespoke_cold_refill]
mov rdi, r15
test rax, rax
jne .1
call bespoke_core::worker::spawn::no_memory
.10: lea rdi, [rbx + 0x40]
mov r15, rax
call alloc::raw_vec::RawVec<T,A>::grow_one
mov rax, r15
jmp .4
.11: lea rdi, [data 3]
mov esi, 0xe
call qword ptr [bespoke_core::util::abort]
.12: lea rsi, [rcx*2 + 0x2]
lea rdi, [rbx + 0x68]
mov r14, rax
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, r14
mov rcx, [rbx + 0x78]
mov rdx, [rbx + 0x88]
jmp .6

== numbers: instructions 119, calls 7, through a pointer 0, locked 0
as base

== unbudgeted: instructions 119, calls 7, through a pointer 0, locked 0
as base

== simulated: instructions 119, calls 7, through a pointer 0, locked 0
as base

== driverless: instructions 119, calls 7, through a pointer 0, locked 0
as base

== plain: instructions 113, calls 8, through a pointer 0, locked 0
push r15
push r14
push rbx
sub rsp, 0x30
mov [rsp], rdi
mov byte ptr [rsp + 0x9], 0x0
mov rax, thread-local
mov r14, fs:[rax]
test r14, r14
je .7
mov rbx, rdi
mov rax, [r14 + 0x8]
lea rcx, [data 0]
cmp rax, rcx
je .0
movdqu xmm0, [rax + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb eax, xmm0
cmp eax, 0xffff
jne .7
.0: mov r15, [rsp + 0x8]
call qword ptr [__rustc::__rust_no_alloc_shim_is_unstable_v2]
mov edi, 0x48
mov esi, 0x8
call qword ptr [__rustc::__rust_alloc]
test rax, rax
je .11
pxor xmm0, xmm0
movdqu [rax + 0x18], xmm0
lea rcx, [data 2]
mov [rax], rcx
mov [rax + 0x8], r14
mov rcx, 0xffffffff00000211
mov [rax + 0x10], rcx
mov [rax + 0x38], rbx
mov [rax + 0x40], r15
inc qword ptr [r14 + 0x58]
mov ecx, [r14 + 0x60]
mov rbx, [r14 + 0x50]
cmp rbx, rcx
jbe .2
mov rdx, [r14 + 0x48]
mov rsi, [rdx + rcx*8]
shr rsi, 0x1
mov [r14 + 0x60], esi
mov [rdx + rcx*8], rax
mov [rax + 0x14], ecx
cmp byte ptr [r14 + 0x20], 0x1
jne .4
.1: and dword ptr [rax + 0x10], 0xfffffffe
mov esi, [rax + 0x10]
test sil, 0x6
jne .6
mov ecx, esi
or ecx, 0x2
mov [rax + 0x10], ecx
mov qword ptr [rsp + 0x10], 0x3
and esi, 0x1
lea rdx, [rsp + 0x10]
mov rdi, rax
mov rbx, rax
call bespoke_core::task::run::cancel_because
mov rax, rbx
jmp .6
.2: mov ecx, 0xfffffffe
cmp rbx, rcx
ja .9
cmp rbx, [r14 + 0x40]
je .8
.3: mov rcx, [r14 + 0x48]
mov [rcx + rbx*8], rax
mov rcx, rbx
inc rcx
mov [r14 + 0x50], rcx
mov ecx, ebx
mov [rax + 0x14], ecx
cmp byte ptr [r14 + 0x20], 0x1
je .1
.4: mov rcx, [r14 + 0x78]
mov rdx, [r14 + 0x88]
mov rsi, rdx
sub rsi, [r14 + 0x80]
cmp rsi, rcx
ja .10
.5: and rcx, rdx
mov rdx, [r14 + 0x68]
mov [rdx + rcx*8], rax
inc qword ptr [r14 + 0x88]
.6: add rsp, 0x30
pop rbx
pop r14
pop r15
ret
.7: mov rdi, rsp
call bespoke_core::runtime::handle::spawn_served
jmp .6
.8: lea rdi, [r14 + 0x40]
mov r15, rax
call alloc::raw_vec::RawVec<T,A>::grow_one
mov rax, r15
jmp .3
.9: lea rdi, [data 3]
mov esi, 0xe
call qword ptr [bespoke_core::util::abort]
.10: lea rsi, [rcx*2 + 0x2]
lea rdi, [r14 + 0x68]
mov rbx, rax
call bespoke_core::task::queue::RunQueue<S>::resize
mov rax, rbx
mov rcx, [r14 + 0x78]
mov rdx, [r14 + 0x88]
jmp .5
.11: call bespoke_core::worker::spawn::no_memory

== several: instructions 29, calls 3, through a pointer 0, locked 0
sub rsp, 0x28
mov [rsp], rdi
mov byte ptr [rsp + 0x9], 0x0
mov rax, thread-local
mov rsi, fs:[rax]
test rsi, rsi
je .1
mov rax, [rsi + 0x8]
lea rcx, [data 0]
cmp rax, rcx
je .0
movdqu xmm0, [rax + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb eax, xmm0
cmp eax, 0xffff
jne .1
.0: lea rdi, [rsp + 0x10]
mov rdx, rsp
call bespoke_core::runtime::place::try_elsewhere
cmp dword ptr [rsp + 0x10], 0x1
je .2
mov rax, [rsp + 0x18]
add rsp, 0x28
ret
.1: mov rdi, rsp
call bespoke_core::runtime::handle::spawn_served
add rsp, 0x28
ret
.2: call bespoke_core::runtime::place::spawn::{{closure}}
