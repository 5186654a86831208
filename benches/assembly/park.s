# What a worker does that has nothing to run: inbox, timers, and the driver's park.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 153, calls 14, through a pointer 0, locked 0
push r15
push r14
push r13
push r12
push rbx
mov rbx, rdi
mov eax, esi
add [rdi + 0x880], rax
mov rax, [rdi + 0x58]
cmp byte ptr [rdi + 0x908], 0x1
jne .0
movzx ecx, byte ptr [rbx + 0x64]
xor rcx, 0x1
xor edx, edx
sub rax, rcx
cmovb rax, rdx
.0: mov [rbx + 0x8a0], rax
lea r14, [rbx + 0x28]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::take]
mov rdi, rbx
mov rsi, rax
xor edx, edx
xor ecx, ecx
call bespoke_core::worker::Worker<C>::visit_all
mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::fire_timers
cmp byte ptr [rbx + 0x98], 0x0
jne .2
mov rcx, [rbx + 0x80]
cmp rcx, [rbx + 0x88]
jne .2
mov rcx, [rbx + 0x78]
mov rsi, [rbx + 0x90]
inc rcx
shl rsi, 0x2
cmp rcx, rsi
ja .4
test al, 0x1
je .5
.1: mov rdi, [rbx + 0x400]
add rdi, 0x10
mov r15, rdx
call qword ptr [<std::time::Instant>::elapsed]
imul rax, 0x3b9aca00
mov edx, edx
add rdx, rax
xor ecx, ecx
sub r15, rdx
cmovae rcx, r15
mov rax, rcx
shr rax, 0x9
mov rdx, 0x44b82fa09b5a53
mul rdx
shr rdx, 0xb
imul rax, rdx, 0x3b9aca00
sub rcx, rax
lea eax, [rcx + 0x1e848]
lea esi, [rcx - 0x3b98e1b8]
cmp rcx, 0x3b98e1b8
cmovb esi, eax
cmp esi, 0x3b9aca00
je .12
cmp rcx, 0x3b98e1b8
sbb rdx, 0xffffffffffffffff
mov ecx, 0x3b9aca00
mov rax, rdx
mul rcx
mov r13d, esi
add r13, rax
adc rdx, 0x0
xor r15d, r15d
neg rdx
sbb r15, r15
cmp dword ptr [rbx + 0x458], 0x2
je .10
mov rax, [rbx + 0x400]
mov rcx, [bespoke_drivers::sys::unix::fork::FORKS]
mov ecx, [rcx]
cmp ecx, [rax + 0x200]
jne .11
lea r12, [rbx + 0x458]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::park]
test al, al
je .3
or r15, r13
inc qword ptr [rbx + 0x890]
mov esi, 0x1
mov rdi, r12
mov rdx, r15
jmp .6
.2: pop rbx
pop r12
pop r13
pop r14
pop r15
ret
.3: mov rdi, r12
jmp .8
.4: lea rdi, [rbx + 0x68]
mov r15, rdx
mov r12, rax
call bespoke_core::task::queue::RunQueue<S>::shrink
mov rax, r12
mov rdx, r15
test al, 0x1
jne .1
.5: cmp dword ptr [rbx + 0x458], 0x2
je .10
mov rax, [rbx + 0x400]
mov rcx, [bespoke_drivers::sys::unix::fork::FORKS]
mov ecx, [rcx]
cmp ecx, [rax + 0x200]
jne .11
lea r15, [rbx + 0x458]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::park]
test al, al
je .7
inc qword ptr [rbx + 0x890]
mov esi, 0x2
mov rdi, r15
.6: call bespoke_core::worker::turn::park
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::take]
mov rdi, rbx
mov rsi, rax
xor edx, edx
xor ecx, ecx
call bespoke_core::worker::Worker<C>::visit_all
jmp .9
.7: mov rdi, r15
.8: xor esi, esi
call bespoke_core::worker::turn::park
.9: mov rdi, rbx
pop rbx
pop r12
pop r13
pop r14
pop r15
jmp bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::fire_timers
.10: lea rdi, [data 0]
lea rdx, [data 1]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
.11: lea rdi, [data 2]
mov esi, 0x4
call qword ptr [bespoke_core::worker::forked::refuse]
.12: lea rdi, [data 3]
lea rdx, [data 4]
mov esi, 0x1e
call qword ptr [core::option::expect_failed]

== simulated: instructions 152, calls 14, through a pointer 0, locked 2
push r15
push r14
push r12
push rbx
push rax
mov rbx, rdi
mov eax, esi
add [rdi + 0x880], rax
mov rax, [rdi + 0x58]
cmp byte ptr [rdi + 0x908], 0x1
jne .0
movzx ecx, byte ptr [rbx + 0x64]
xor rcx, 0x1
xor edx, edx
sub rax, rcx
cmovb rax, rdx
.0: mov [rbx + 0x8a0], rax
lea r14, [rbx + 0x28]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::take]
mov rdi, rbx
mov rsi, rax
xor edx, edx
xor ecx, ecx
call bespoke_core::worker::Worker<C>::visit_all
mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::fire_timers
cmp byte ptr [rbx + 0x98], 0x0
jne .4
mov rcx, [rbx + 0x80]
cmp rcx, [rbx + 0x88]
jne .4
mov rcx, [rbx + 0x78]
mov rsi, [rbx + 0x90]
inc rcx
shl rsi, 0x2
cmp rcx, rsi
ja .5
test al, 0x1
je .6
.1: mov rax, [rbx + 0x400]
mov rbx, [rax + 0x10]
mov ecx, 0x1
xor eax, eax
lock cmpxchg [rbx + 0x10], ecx
jne .9
.2: mov r14, [std::panicking::panic_count::GLOBAL_PANIC_COUNT]
mov rax, [r14]
shl rax, 0x1
test rax, rax
jne .10
lea r15, [rbx + 0x14]
movzx eax, byte ptr [rbx + 0x14]
mov rax, [rbx + 0x18]
cmp rdx, rax
cmova rax, rdx
mov [rbx + 0x18], rax
mov rax, 0x7fffffffffffffff
mov rcx, [r14]
test rcx, rax
jne .11
.3: xor eax, eax
xchg [rbx + 0x10], eax
cmp eax, 0x2
je .12
.4: add rsp, 0x8
pop rbx
pop r12
pop r14
pop r15
ret
.5: lea rdi, [rbx + 0x68]
mov r15, rdx
mov r12, rax
call bespoke_core::task::queue::RunQueue<S>::shrink
mov rax, r12
mov rdx, r15
test al, 0x1
jne .1
.6: cmp dword ptr [rbx + 0x458], 0x2
je .13
mov rax, [rbx + 0x400]
mov rcx, [bespoke_drivers::sys::unix::fork::FORKS]
mov ecx, [rcx]
cmp ecx, [rax + 0x1f8]
jne .14
lea r15, [rbx + 0x458]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::park]
test al, al
je .7
inc qword ptr [rbx + 0x890]
mov esi, 0x2
mov rdi, r15
call bespoke_core::worker::turn::park
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::take]
mov rdi, rbx
mov rsi, rax
xor edx, edx
xor ecx, ecx
call bespoke_core::worker::Worker<C>::visit_all
jmp .8
.7: mov rdi, r15
xor esi, esi
call bespoke_core::worker::turn::park
.8: mov rdi, rbx
add rsp, 0x8
pop rbx
pop r12
pop r14
pop r15
jmp bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::fire_timers
.9: lea rdi, [rbx + 0x10]
mov r14, rdx
call qword ptr [<std::sys::sync::mutex::futex::Mutex>::lock_contended]
mov rdx, r14
jmp .2
.10: mov r15, rdx
call qword ptr [std::panicking::panic_count::is_zero_slow_path]
movzx ecx, byte ptr [rbx + 0x14]
mov rcx, [rbx + 0x18]
cmp r15, rcx
cmova rcx, r15
mov [rbx + 0x18], rcx
test al, al
je .3
lea r15, [rbx + 0x14]
mov rax, 0x7fffffffffffffff
mov rcx, [r14]
test rcx, rax
je .3
.11: call qword ptr [std::panicking::panic_count::is_zero_slow_path]
test al, al
jne .3
mov byte ptr [r15], 0x1
jmp .3
.12: add rbx, 0x10
mov rdi, rbx
add rsp, 0x8
pop rbx
pop r12
pop r14
pop r15
jmp qword ptr [<std::sys::sync::mutex::futex::Mutex>::wake]
.13: lea rdi, [data 0]
lea rdx, [data 1]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
.14: lea rdi, [data 2]
mov esi, 0x9
call qword ptr [bespoke_core::worker::forked::refuse]

== driverless: instructions 171, calls 16, through a pointer 0, locked 0
push r15
push r14
push r13
push r12
push rbx
sub rsp, 0x30
mov rbx, rdi
mov eax, esi
add [rdi + 0x800], rax
mov rax, [rdi + 0x58]
cmp byte ptr [rdi + 0x888], 0x1
jne .0
movzx ecx, byte ptr [rbx + 0x64]
xor rcx, 0x1
xor edx, edx
sub rax, rcx
cmovb rax, rdx
.0: mov [rbx + 0x820], rax
lea r14, [rbx + 0x28]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::take]
mov rdi, rbx
mov rsi, rax
xor edx, edx
xor ecx, ecx
call bespoke_core::worker::Worker<C>::visit_all
mov rdi, rbx
call bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::fire_timers
cmp byte ptr [rbx + 0x98], 0x0
jne .2
mov rcx, [rbx + 0x80]
cmp rcx, [rbx + 0x88]
jne .2
mov rcx, [rbx + 0x78]
mov rsi, [rbx + 0x90]
inc rcx
shl rsi, 0x2
cmp rcx, rsi
ja .4
test al, 0x1
je .5
.1: mov rdi, [rbx + 0x400]
add rdi, 0x10
mov r15, rdx
call qword ptr [<std::time::Instant>::elapsed]
imul rax, 0x3b9aca00
mov edx, edx
add rdx, rax
xor ecx, ecx
sub r15, rdx
cmovae rcx, r15
mov rax, rcx
shr rax, 0x9
mov rdx, 0x44b82fa09b5a53
mul rdx
shr rdx, 0xb
imul rax, rdx, 0x3b9aca00
sub rcx, rax
lea eax, [rcx + 0x1e848]
lea esi, [rcx - 0x3b98e1b8]
cmp rcx, 0x3b98e1b8
cmovb esi, eax
cmp esi, 0x3b9aca00
je .13
cmp rcx, 0x3b98e1b8
sbb rdx, 0xffffffffffffffff
mov ecx, 0x3b9aca00
mov rax, rdx
mul rcx
mov r13d, esi
add r13, rax
adc rdx, 0x0
xor r15d, r15d
neg rdx
sbb r15, r15
cmp qword ptr [rbx + 0x450], 0x0
je .10
mov rax, [rbx + 0x400]
mov rcx, [bespoke_drivers::sys::unix::fork::FORKS]
mov ecx, [rcx]
cmp ecx, [rax + 0x200]
jne .11
lea r12, [rbx + 0x450]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::park]
test al, al
je .3
or r15, r13
inc qword ptr [rbx + 0x810]
mov esi, 0x1
mov rdi, r12
mov rdx, r15
jmp .6
.2: add rsp, 0x30
pop rbx
pop r12
pop r13
pop r14
pop r15
ret
.3: mov rdi, r12
jmp .8
.4: lea rdi, [rbx + 0x68]
mov r15, rdx
mov r12, rax
call bespoke_core::task::queue::RunQueue<S>::shrink
mov rax, r12
mov rdx, r15
test al, 0x1
jne .1
.5: cmp qword ptr [rbx + 0x450], 0x0
je .10
mov rax, [rbx + 0x400]
mov rcx, [bespoke_drivers::sys::unix::fork::FORKS]
mov ecx, [rcx]
cmp ecx, [rax + 0x200]
jne .11
lea r15, [rbx + 0x450]
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::park]
test al, al
je .7
inc qword ptr [rbx + 0x810]
mov esi, 0x2
mov rdi, r15
.6: call qword ptr [<bespoke_drivers::no_io::LiveNoIo as bespoke_core::roles::driver::Live>::park]
test eax, eax
jne .12
mov rdi, r14
call qword ptr [bespoke_core::task::inbox::Inbox::take]
mov rdi, rbx
mov rsi, rax
xor edx, edx
xor ecx, ecx
call bespoke_core::worker::Worker<C>::visit_all
jmp .9
.7: mov rdi, r15
.8: xor esi, esi
call qword ptr [<bespoke_drivers::no_io::LiveNoIo as bespoke_core::roles::driver::Live>::park]
test eax, eax
jne .12
.9: mov rdi, rbx
add rsp, 0x30
pop rbx
pop r12
pop r13
pop r14
pop r15
jmp bespoke_core::worker::turn::<impl bespoke_core::worker::Worker<C>>::fire_timers
.10: lea rdi, [data 0]
lea rdx, [data 1]
mov esi, 0xa3
call qword ptr [core::panicking::panic_fmt]
.11: lea rdi, [data 2]
mov esi, 0xa
call qword ptr [bespoke_core::worker::forked::refuse]
.12: lea rbx, [rsp + 0x18]
mov rdi, rbx
mov esi, eax
call qword ptr [bespoke_core::error::errno::<impl core::convert::From<bespoke_core::error::errno::Errno> for bespoke_core::error::Error>::from]
mov [rsp + 0x8], rbx
mov rax, [<bespoke_core::error::Error as core::fmt::Display>::fmt]
mov [rsp + 0x10], rax
lea rdi, [data 3]
lea rdx, [data 4]
lea rsi, [rsp + 0x8]
call qword ptr [core::panicking::panic_fmt]
.13: lea rdi, [data 5]
lea rdx, [data 6]
mov esi, 0x1e
call qword ptr [core::option::expect_failed]
