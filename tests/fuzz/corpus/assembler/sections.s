        .equ N, 4
        .data
a:      .word 1, 2, 3, N*5, buf
b:      .half 0xffff, -1
        .align 8
s:      .asciz "hi\n"
        .bss
buf:    .space 100
        .mram
        .align 8
m:      .quad 1, 2
big:    .space 1<<20
end_m:
        .atomic
lock:   .byte 0
        .section .text.main,"ax",@progbits
        .globl main
        .type main,@function
main:   acquire zero, lock, nz, .
        release zero, lock, nz, . + 1
1:      lw r0, zero, a + 4
        ld d2, r22, -8
        sw r1, b - a, r3
        lw !big, r4, r5, 4
        lws r4, r5, 4
        sb !big, s5, 4, r6
        sub r0, r1, 5
        sub r0, r1, 5, nz, 1b
        and.s d0, zero, 7
        and.s d0, r1, 7
        move r0, m
        call r23, f
        jump 1f
1:      stop true, .
f:      jump r23
        .size main, .-main
