# The poll of an operation that asks the driver for nothing: what stands around each.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 81, calls 6, through a pointer 1, locked 0
push r15
push r14
push rbx
mov r15, [rdi + 0x8]
cmp r15, 0x1
je .11
mov rbx, rdi
mov r14, [rdi]
test r14, r14
je .0
test r15, r15
cmovne r14, r15
jmp .1
.0: mov r14, r15
test r15, r15
je .7
.1: mov rax, thread-local
cmp fs:[rax], r14
jne .9
.2: mov eax, [r14 + 0x1c]
test eax, eax
je .5
cmp dword ptr [r14 + 0x458], 0x2
je .10
test r15, r15
je .3
mov qword ptr [rbx + 0x8], 0x0
dec qword ptr [r14 + 0xa0]
.3: dec eax
mov [r14 + 0x1c], eax
mov qword ptr [rbx + 0x8], 0x1
.4: mov al, 0x1
pop rbx
pop r14
pop r15
ret
.5: cmp byte ptr [r14 + 0x20], 0x0
jne .6
mov rax, [rsi]
mov rdi, [rsi + 0x8]
call qword ptr [rax + 0x10]
.6: xor eax, eax
pop rbx
pop r14
pop r15
ret
.7: mov rax, thread-local
mov r14, fs:[rax]
test r14, r14
je .8
mov rax, [r14 + 0x8]
lea rcx, [data 0]
cmp rax, rcx
je .2
movdqu xmm0, [rax + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb eax, xmm0
cmp eax, 0xffff
je .2
.8: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0x4
call qword ptr [bespoke_core::worker::ambient::fail]
.9: mov rdi, rbx
mov rsi, r14
call bespoke_core::driver::operation::Operation<C,O,K>::elsewhere
jmp .4
.10: lea rdi, [data 4]
lea rdx, [data 5]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
ud2
.11: lea rdi, [data 6]
mov esi, 0x3
call qword ptr [bespoke_core::driver::operation::polled_again]
test r15, r15
je .12
mov qword ptr [rbx + 0x8], 0x0
dec qword ptr [r14 + 0xa0]
.12: mov rdi, rax
call _Unwind_Resume

== numbers: instructions 81, calls 6, through a pointer 1, locked 0
as base, but for
instruction 62: mov esi, 0x7

== unbudgeted: instructions 78, calls 6, through a pointer 1, locked 0
push r15
push r14
push rbx
mov r15, [rdi + 0x8]
cmp r15, 0x1
je .11
mov rbx, rdi
mov r14, [rdi]
test r14, r14
je .0
test r15, r15
cmovne r14, r15
jmp .1
.0: mov r14, r15
test r15, r15
je .7
.1: mov rax, thread-local
cmp fs:[rax], r14
jne .9
.2: cmp dword ptr [r14 + 0x1c], 0x0
je .5
cmp dword ptr [r14 + 0x458], 0x2
je .10
test r15, r15
je .3
mov qword ptr [rbx + 0x8], 0x0
dec qword ptr [r14 + 0xa0]
.3: mov qword ptr [rbx + 0x8], 0x1
.4: mov al, 0x1
pop rbx
pop r14
pop r15
ret
.5: cmp byte ptr [r14 + 0x20], 0x0
jne .6
mov rax, [rsi]
mov rdi, [rsi + 0x8]
call qword ptr [rax + 0x10]
.6: xor eax, eax
pop rbx
pop r14
pop r15
ret
.7: mov rax, thread-local
mov r14, fs:[rax]
test r14, r14
je .8
mov rax, [r14 + 0x8]
lea rcx, [data 0]
cmp rax, rcx
je .2
movdqu xmm0, [rax + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb eax, xmm0
cmp eax, 0xffff
je .2
.8: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0xa
call qword ptr [bespoke_core::worker::ambient::fail]
.9: mov rdi, rbx
mov rsi, r14
call bespoke_core::driver::operation::Operation<C,O,K>::elsewhere
jmp .4
.10: lea rdi, [data 4]
lea rdx, [data 5]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
ud2
.11: lea rdi, [data 6]
mov esi, 0x3
call qword ptr [bespoke_core::driver::operation::polled_again]
test r15, r15
je .12
mov qword ptr [rbx + 0x8], 0x0
dec qword ptr [r14 + 0xa0]
.12: mov rdi, rax
call _Unwind_Resume

== simulated: instructions 81, calls 6, through a pointer 1, locked 0
as base, but for
instruction 62: mov esi, 0x9

== driverless: instructions 81, calls 6, through a pointer 1, locked 0
as base, but for
instruction 23: cmp qword ptr [r14 + 0x450], 0x0
instruction 62: mov esi, 0xa

== several: instructions 130, calls 7, through a pointer 1, locked 1
push r15
push r14
push rbx
sub rsp, 0x10
mov r14, [rdi + 0x8]
cmp r14, 0x1
je .16
mov rbx, rdi
test r14, r14
je .2
mov rax, thread-local
cmp fs:[rax], r14
jne .14
.0: mov eax, [r14 + 0x1c]
test eax, eax
je .3
cmp dword ptr [r14 + 0x458], 0x2
je .15
cmp qword ptr [rbx + 0x8], 0x0
je .1
mov qword ptr [rbx + 0x8], 0x0
dec qword ptr [r14 + 0xa8]
.1: mov rcx, [rbx]
test cl, 0x1
je .7
mov edx, ecx
and edx, 0x3
neg rdx
mov rsi, rcx
and rsi, 0xfffffffffffffffc
mov rsi, [rsi + 0x10]
test rsi, rsi
je .5
mov rdi, thread-local
cmp fs:[rdi], rsi
jne .5
dec dword ptr [rcx + rdx + 0x18]
jmp .6
.2: mov rdx, [rbx]
test rdx, rdx
je .10
mov rax, rdx
and rax, 0xfffffffffffffffc
mov r14, [rax + 0x10]
test r14, r14
je .12
mov rax, thread-local
cmp fs:[rax], r14
jne .12
test dl, 0x1
jne .0
mov eax, edx
and eax, 0x3
neg rax
mov eax, [rdx + rax + 0xc]
jmp .0
.3: cmp byte ptr [r14 + 0x20], 0x0
jne .4
mov rax, [rsi]
mov rcx, [rax]
mov rdi, [rax + 0x8]
call qword ptr [rcx + 0x10]
.4: xor eax, eax
jmp .9
.5: lock inc dword ptr [rcx + rdx + 0x1c]
.6: mov rdx, rcx
and rdx, 0xfffffffffffffffe
mov rsi, rdx
sub rsi, rcx
test rdx, rdx
cmove rsi, rdx
add rsi, rcx
mov [rbx], rsi
.7: dec eax
mov [r14 + 0x1c], eax
mov qword ptr [rbx + 0x8], 0x1
.8: mov al, 0x1
.9: add rsp, 0x10
pop rbx
pop r14
pop r15
ret
.10: mov rax, thread-local
mov r14, fs:[rax]
test r14, r14
je .11
mov rax, [r14 + 0x8]
lea rcx, [data 0]
cmp rax, rcx
je .0
movdqu xmm0, [rax + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb eax, xmm0
cmp eax, 0xffff
je .0
.11: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0x7
call qword ptr [bespoke_core::worker::ambient::fail]
.12: mov rdi, rsp
mov rcx, rsi
mov rsi, rbx
mov r15, rcx
call bespoke_core::driver::operation::Operation<C,O,K>::bring
cmp byte ptr [rsp], 0x0
je .13
movzx eax, byte ptr [rsp + 0x1]
xor al, 0x1
jmp .9
.13: mov r14, [rsp + 0x8]
mov rsi, r15
jmp .0
.14: mov rdi, rbx
mov rsi, r14
call bespoke_core::driver::operation::Operation<C,O,K>::elsewhere
jmp .8
.15: lea rdi, [data 4]
lea rdx, [data 5]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
ud2
.16: lea rdi, [data 6]
mov esi, 0x3
call qword ptr [bespoke_core::driver::operation::polled_again]
cmp qword ptr [rbx + 0x8], 0x0
je .17
mov qword ptr [rbx + 0x8], 0x0
dec qword ptr [r14 + 0xa8]
.17: mov rdi, rax
call _Unwind_Resume
