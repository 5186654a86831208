# `Waker::wake_by_ref` of a task.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 48, calls 1, through a pointer 0, locked 0
push r14
push rbx
push rax
mov rbx, [rdi + 0x8]
mov rax, thread-local
cmp fs:[rax], rbx
jne .3
mov eax, [rdi + 0x10]
test al, 0x5
je .1
.0: add rsp, 0x8
pop rbx
pop r14
ret
.1: mov ecx, eax
or ecx, 0x1
mov [rdi + 0x10], ecx
test al, 0x2
jne .0
mov rax, [rbx + 0x78]
mov rcx, [rbx + 0x88]
mov rdx, rcx
sub rdx, [rbx + 0x80]
cmp rdx, rax
ja .4
.2: and rax, rcx
mov rcx, [rbx + 0x68]
mov [rcx + rax*8], rdi
inc qword ptr [rbx + 0x88]
add rsp, 0x8
pop rbx
pop r14
ret
.3: mov esi, 0x2
xor edx, edx
add rsp, 0x8
pop rbx
pop r14
jmp bespoke_core::task::refs::__bespoke_cold_foreign
.4: lea rsi, [rax*2 + 0x2]
lea rax, [rbx + 0x68]
mov r14, rdi
mov rdi, rax
call bespoke_core::task::queue::RunQueue<S>::resize
mov rdi, r14
mov rax, [rbx + 0x78]
mov rcx, [rbx + 0x88]
jmp .2

== several: instructions 43, calls 1, through a pointer 0, locked 1
mov rax, thread-local
mov rax, fs:[rax]
cmp rax, [rdi + 0x8]
jne bespoke_core::task::waker::wake_shared
mov rax, [rdi + 0x10]
.0: mov rcx, rax
test cl, 0x4
jne .1
mov rdx, rcx
or rdx, 0x1
mov rax, rcx
lock cmpxchg [rdi + 0x10], rdx
jne .0
test cl, 0x3
je .2
.1: ret
.2: push r14
push rbx
push rax
mov rbx, [rdi + 0x8]
mov rax, [rbx + 0x80]
mov rcx, [rbx + 0x90]
mov rdx, rcx
sub rdx, [rbx + 0x88]
cmp rdx, rax
ja .4
.3: and rax, rcx
mov rcx, [rbx + 0x70]
mov [rcx + rax*8], rdi
inc qword ptr [rbx + 0x90]
add rsp, 0x8
pop rbx
pop r14
ret
.4: lea rsi, [rax*2 + 0x2]
lea rax, [rbx + 0x70]
mov r14, rdi
mov rdi, rax
call bespoke_core::task::queue::RunQueue<S>::resize
mov rdi, r14
mov rax, [rbx + 0x80]
mov rcx, [rbx + 0x90]
jmp .3
