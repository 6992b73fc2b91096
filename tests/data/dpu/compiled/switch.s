; A loop around a switch: an interpreter of byte code that jumps through a table of addresses. All
; tasklets run the same code from `input` (args = its bytes) on an accumulator that starts at 1000 x
; id. Codes: 0 end, 1 add the next byte, signed, 2 xor the next byte, 3 shift left, 4 negate, 5 count
; down and jump back by the next byte while not zero, 6 set the count, 7 rotate right by the next
; byte, anything else: skip it.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 0, d22
        add   r22, r22, 8
        move  r0, r14
        move  r1, input
        move  r2, r16
        call  r23, mram_read
        lsl   r0, id, 10                ; 1000 id = 1024 id - 24 id
        lsl   r1, id, 3
        sub   r0, r0, r1
        lsl_sub r0, r0, r1, 1
        move  r4, r14                   ; next code
        move  r5, 0                     ; count
fetch:  lbu   r1, r4, 0
        add   r4, r4, 1
        jgtu  r1, 7, fetch
        lsl   r1, r1, 2
        lw    r1, r1, .LJTI0_0
        jump  r1
.Ladd:  lbs   r2, r4, 0
        add   r0, r0, r2
        add   r4, r4, 1, true, fetch
.Lxor:  lbu   r2, r4, 0
        xor   r0, r0, r2
        add   r4, r4, 1, true, fetch
.Lshift:
        lsl   r0, r0, 1
        jump  fetch
.Lneg:  neg   r0, r0
        jump  fetch
.Lback: lbu   r2, r4, 0
        add   r4, r4, 1
        sub   r5, r5, 1, z, fetch
        sub   r4, r4, r2, true, fetch
.Lset:  lbu   r5, r4, 0
        add   r4, r4, 1, true, fetch
.Lrotate:
        lbu   r2, r4, 0
        ror   r0, r0, r2
        add   r4, r4, 1, true, fetch
.Lend:  move  r1, 0
        sd    r14, 0, d0                ; r0 in the upper word
        move  r0, r14
        lsl   r1, id, 3
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
        ld    d22, r22, -8
        jump  r23
        .section .rodata, "a"
        .p2align 2
.LJTI0_0:
        .long .Lend, .Ladd, .Lxor, .Lshift
        .long .Lneg, .Lback, .Lset, .Lrotate
        .section .mram, "aw"
        .balign 8
        .globl input, output
input:  .space 128
output: .space 192
