# What time it is.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 26, calls 2, through a pointer 0, locked 0
push rax
mov rax, thread-local
mov rax, fs:[rax]
test rax, rax
je .1
mov rcx, [rax + 0x8]
lea rdx, [data 0]
cmp rcx, rdx
je .0
movdqu xmm0, [rcx + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb ecx, xmm0
cmp ecx, 0xffff
jne .1
.0: mov rdi, [rax + 0x400]
add rdi, 0x10
call qword ptr [<std::time::Instant>::elapsed]
imul rcx, rax, 0x3b9aca00
mov eax, edx
add rax, rcx
pop rcx
ret
.1: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0x4
call qword ptr [bespoke_core::worker::ambient::fail]

== simulated: instructions 76, calls 5, through a pointer 0, locked 2
push r15
push r14
push rbx
mov rax, thread-local
mov rax, fs:[rax]
test rax, rax
je .8
mov rcx, [rax + 0x8]
lea rdx, [data 0]
cmp rcx, rdx
je .0
movdqu xmm0, [rcx + 0x10]
pcmpeqb xmm0, [data 1]
pmovmskb ecx, xmm0
cmp ecx, 0xffff
jne .8
.0: mov rax, [rax + 0x400]
mov rbx, [rax + 0x10]
mov ecx, 0x1
xor eax, eax
lock cmpxchg [rbx + 0x10], ecx
jne .3
.1: mov r14, [std::panicking::panic_count::GLOBAL_PANIC_COUNT]
mov rax, [r14]
shl rax, 0x1
test rax, rax
jne .4
lea r15, [rbx + 0x14]
movzx eax, byte ptr [rbx + 0x14]
mov rax, [rbx + 0x18]
mov rcx, 0x7fffffffffffffff
mov rdx, [r14]
test rdx, rcx
jne .5
.2: xor ecx, ecx
xchg [rbx + 0x10], ecx
cmp ecx, 0x2
je .7
pop rbx
pop r14
pop r15
ret
.3: lea rdi, [rbx + 0x10]
call qword ptr [<std::sys::sync::mutex::futex::Mutex>::lock_contended]
jmp .1
.4: call qword ptr [std::panicking::panic_count::is_zero_slow_path]
mov ecx, eax
movzx eax, byte ptr [rbx + 0x14]
mov rax, [rbx + 0x18]
test cl, cl
je .2
lea r15, [rbx + 0x14]
mov rcx, 0x7fffffffffffffff
mov rdx, [r14]
test rdx, rcx
je .2
.5: mov r14, rax
call qword ptr [std::panicking::panic_count::is_zero_slow_path]
test al, al
jne .6
mov byte ptr [r15], 0x1
.6: mov rax, r14
jmp .2
.7: add rbx, 0x10
mov rdi, rbx
mov rbx, rax
call qword ptr [<std::sys::sync::mutex::futex::Mutex>::wake]
mov rax, rbx
pop rbx
pop r14
pop r15
ret
.8: lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0x9
call qword ptr [bespoke_core::worker::ambient::fail]

== driverless: instructions 26, calls 2, through a pointer 0, locked 0
as base, but for
instruction 25: mov esi, 0xa

== several: instructions 26, calls 2, through a pointer 0, locked 0
as base, but for
instruction 25: mov esi, 0x7
