# A random number of the worker's.
# Written by `cargo bench --manifest-path benches/Cargo.toml --bench assembly -- --write`; not by hand.
# compiler rustc 1.95.0 (59807616e 2026-04-14)

== base: instructions 32, calls 1, through a pointer 0, locked 0
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
.0: mov rcx, [rax + 0x900]
mov rdx, rcx
shr rdx, 0xc
xor rdx, rcx
mov rcx, rdx
shl rcx, 0x19
xor rcx, rdx
mov rdx, rcx
shr rdx, 0x1b
xor rdx, rcx
mov [rax + 0x900], rdx
mov rax, 0x2545f4914f6cdd1d
imul rax, rdx
ret
.1: push rax
lea rdi, [data 2]
lea rdx, [data 3]
mov esi, 0x4
call qword ptr [bespoke_core::worker::ambient::fail]

== simulated: instructions 32, calls 1, through a pointer 0, locked 0
as base, but for
instruction 31: mov esi, 0x9

== several: instructions 32, calls 1, through a pointer 0, locked 0
as base, but for
instruction 31: mov esi, 0x7
