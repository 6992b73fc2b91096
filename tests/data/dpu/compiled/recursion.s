; Recursion on the stack: Fibonacci, which calls itself twice, and a pair of functions that call each
; other. output[tasklet] = {fib(id % 8), id % 4 is even}.
        .include "../prim/start.s"
        .globl kernel
        .type kernel, @function
kernel: sd    r22, 0, d22
        add   r22, r22, 8
        and   r0, id, 7
        call  r23, fib
        sw    r14, 0, r0
        and   r0, id, 3
        call  r23, is_even
        sw    r14, 4, r0
        move  r0, r14
        lsl   r1, id, 3
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
        ld    d22, r22, -8
        jump  r23
        .size kernel, .-kernel

        .type fib, @function
fib:    jgtu  r0, 1, .LBB0_1
        jump  r23
.LBB0_1:
        sd    r22, 16, d22
        sd    r22, 0, d16
        add   r22, r22, 24
        move  r16, r0
        add   r0, r0, -1
        call  r23, fib
        move  r17, r0
        add   r0, r16, -2
        call  r23, fib
        add   r0, r0, r17
        ld    d16, r22, -24
        ld    d22, r22, -8
        jump  r23
        .size fib, .-fib

is_even:
        jnz   r0, 1f
        move  r0, 1
        jump  r23
1:      sd    r22, 0, d22
        add   r22, r22, 8
        add   r0, r0, -1
        call  r23, is_odd
        ld    d22, r22, -8
        jump  r23
is_odd: jnz   r0, 1f
        move  r0, 0
        jump  r23
1:      sd    r22, 0, d22
        add   r22, r22, 8
        add   r0, r0, -1
        call  r23, is_even
        ld    d22, r22, -8
        jump  r23

        .section .mram, "aw"
        .balign 8
        .globl output
output: .space 192
