; Arithmetic throughput: every tasklet applies one operation with a scalar to the elements of its
; 1,024-byte buffer in WRAM, REPEAT times (one load, the operation, one store, address, index, loop).
; OP: 0 int32 add, 1 int32 sub (6 instructions per element), 2 int64 add, 3 int64 sub (7),
; 4 int32 multiplication by mul_step, 5 uint32 division by div_step, 6 int64 multiplication. Operands: `scalar`, `buffers`.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lsl   r2, id, 10
        add   r2, r2, buffers
        move  r3, REPEAT
        ld    d4, zero, scalar          ; r5 the lower word
again:  move  r6, 0
        .if OP == 0
loop:   lsl_add r7, r2, r6, 2
        lw    r8, r7, 0
        add   r8, r8, r5
        sw    r7, 0, r8
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 1
loop:   lsl_add r7, r2, r6, 2
        lw    r8, r7, 0
        sub   r8, r8, r5
        sw    r7, 0, r8
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 2
loop:   lsl_add r7, r2, r6, 3
        ld    d8, r7, 0
        add   r9, r9, r5
        addc  r8, r8, r4
        sd    r7, 0, d8
        add   r6, r6, 1
        jneq  r6, 128, loop
        .endif
        .if OP == 3
loop:   lsl_add r7, r2, r6, 3
        ld    d8, r7, 0
        sub   r9, r9, r5
        subc  r8, r8, r4
        sd    r7, 0, d8
        add   r6, r6, 1
        jneq  r6, 128, loop
        .endif
        .if OP == 4
loop:   lsl_add r7, r2, r6, 2
        lw    r0, r7, 0
        move  r1, r5
        move  r20, r2
        call  r23, mul
        move  r2, r20
        sw    r7, 0, r0
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 5
loop:   lsl_add r7, r2, r6, 2
        lw    r1, r7, 0
        move  r10, r5
        call  r23, div
        sw    r7, 0, r0
        add   r6, r6, 1
        jneq  r6, 256, loop
        .endif
        .if OP == 6
loop:   lsl_add r7, r2, r6, 3
        ld    d8, r7, 0
        ld    d10, zero, scalar
        call  r23, mul64
        sd    r7, 0, d12
        add   r6, r6, 1
        jneq  r6, 128, loop
        .endif
        sub   r3, r3, 1, nz, again
done:   stop  true, done

; r0 = r0 * r1 (low 32 bits): 6 instructions on either path plus max(1, bit length of the smaller
; operand) mul_steps. Changes r1, r2; return address r23.
mul:    jgtu  r1, r0, swap
        move  r2, r0
        move  r0, r1, true, go
swap:   move  r2, r1
        move  r0, r0
go:     move  r1, zero
        mul_step d0, r2, d0, 0, z, product
        mul_step d0, r2, d0, 1, z, product
        mul_step d0, r2, d0, 2, z, product
        mul_step d0, r2, d0, 3, z, product
        mul_step d0, r2, d0, 4, z, product
        mul_step d0, r2, d0, 5, z, product
        mul_step d0, r2, d0, 6, z, product
        mul_step d0, r2, d0, 7, z, product
        mul_step d0, r2, d0, 8, z, product
        mul_step d0, r2, d0, 9, z, product
        mul_step d0, r2, d0, 10, z, product
        mul_step d0, r2, d0, 11, z, product
        mul_step d0, r2, d0, 12, z, product
        mul_step d0, r2, d0, 13, z, product
        mul_step d0, r2, d0, 14, z, product
        mul_step d0, r2, d0, 15, z, product
        mul_step d0, r2, d0, 16, z, product
        mul_step d0, r2, d0, 17, z, product
        mul_step d0, r2, d0, 18, z, product
        mul_step d0, r2, d0, 19, z, product
        mul_step d0, r2, d0, 20, z, product
        mul_step d0, r2, d0, 21, z, product
        mul_step d0, r2, d0, 22, z, product
        mul_step d0, r2, d0, 23, z, product
        mul_step d0, r2, d0, 24, z, product
        mul_step d0, r2, d0, 25, z, product
        mul_step d0, r2, d0, 26, z, product
        mul_step d0, r2, d0, 27, z, product
        mul_step d0, r2, d0, 28, z, product
        mul_step d0, r2, d0, 29, z, product
        mul_step d0, r2, d0, 30, z, product
        mul_step d0, r2, d0, 31
product: move r0, r1
        jump  r23

; d12 = d8 * d10 modulo 2^64 from 36 products of bytes, the same time for every value. Changes d14,
; d16, d18, r21, r22; return address r23.
mul64:  lsr   r14, r9, 16
        lsr   r15, r11, 16
        lsr   r16, r8, 16
        lsr   r17, r10, 16
        mul_uh_uh r12, r9, r15
        mul_ul_ul r22, r14, r15
        add   r12, r12, r22
        mul_uh_uh r22, r14, r11
        add   r12, r12, r22
        mul_ul_ul r22, r8, r11
        add   r12, r12, r22
        mul_ul_ul r22, r9, r10
        add   r12, r12, r22
        mul_ul_uh r21, r14, r15
        mul_uh_ul r22, r14, r15
        add   r21, r21, r22
        mul_ul_uh r22, r8, r11
        add   r21, r21, r22
        mul_uh_ul r22, r8, r11
        add   r21, r21, r22
        mul_ul_uh r22, r9, r10
        add   r21, r21, r22
        mul_uh_ul r22, r9, r10
        add   r21, r21, r22
        lsl_add r12, r12, r21, 8
        mul_uh_uh r21, r14, r15
        mul_ul_ul r22, r8, r15
        add   r21, r21, r22
        mul_uh_uh r22, r8, r11
        add   r21, r21, r22
        mul_ul_ul r22, r16, r11
        add   r21, r21, r22
        mul_ul_ul r22, r9, r17
        add   r21, r21, r22
        mul_uh_uh r22, r9, r10
        add   r21, r21, r22
        mul_ul_ul r22, r14, r10
        add   r21, r21, r22
        lsl_add r12, r12, r21, 16
        mul_ul_uh r21, r8, r15
        mul_uh_ul r22, r8, r15
        add   r21, r21, r22
        mul_ul_uh r22, r16, r11
        add   r21, r21, r22
        mul_uh_ul r22, r16, r11
        add   r21, r21, r22
        mul_ul_uh r22, r9, r17
        add   r21, r21, r22
        mul_uh_ul r22, r9, r17
        add   r21, r21, r22
        mul_ul_uh r22, r14, r10
        add   r21, r21, r22
        mul_uh_ul r22, r14, r10
        add   r21, r21, r22
        lsl_add r12, r12, r21, 24
        mul_ul_ul r13, r9, r11
        mul_ul_uh r21, r9, r11
        mul_uh_ul r22, r9, r11
        add   r21, r21, r22
        lsr   r18, r21, 24
        lsl   r19, r21, 8
        add   r13, r13, r19
        addc  r12, r12, r18
        mul_ul_ul r21, r9, r15
        mul_uh_uh r22, r9, r11
        add   r21, r21, r22
        mul_ul_ul r22, r14, r11
        add   r21, r21, r22
        lsr   r18, r21, 16
        lsl   r19, r21, 16
        add   r13, r13, r19
        addc  r12, r12, r18
        mul_ul_uh r21, r9, r15
        mul_uh_ul r22, r9, r15
        add   r21, r21, r22
        mul_ul_uh r22, r14, r11
        add   r21, r21, r22
        mul_uh_ul r22, r14, r11
        add   r21, r21, r22
        lsr   r18, r21, 8
        lsl   r19, r21, 24
        add   r13, r13, r19
        addc  r12, r12, r18
        jump  r23


; r0 = r1 / r10, r1 = r1 % r10, unsigned, r10 not 0: one div_step per bit that the quotient can have.
; Changes r11, r12; return address r23.
div:    move  r0, 0
        clz   r11, r1
        clz   r12, r10
        sub   r12, r12, r11, mi, below  ; highest possible bit of the quotient
        sub   r12, 31, r12
        add   r12, r12, steps
        jump  r12
steps:
        div_step d0, r10, d0, 31
        div_step d0, r10, d0, 30
        div_step d0, r10, d0, 29
        div_step d0, r10, d0, 28
        div_step d0, r10, d0, 27
        div_step d0, r10, d0, 26
        div_step d0, r10, d0, 25
        div_step d0, r10, d0, 24
        div_step d0, r10, d0, 23
        div_step d0, r10, d0, 22
        div_step d0, r10, d0, 21
        div_step d0, r10, d0, 20
        div_step d0, r10, d0, 19
        div_step d0, r10, d0, 18
        div_step d0, r10, d0, 17
        div_step d0, r10, d0, 16
        div_step d0, r10, d0, 15
        div_step d0, r10, d0, 14
        div_step d0, r10, d0, 13
        div_step d0, r10, d0, 12
        div_step d0, r10, d0, 11
        div_step d0, r10, d0, 10
        div_step d0, r10, d0, 9
        div_step d0, r10, d0, 8
        div_step d0, r10, d0, 7
        div_step d0, r10, d0, 6
        div_step d0, r10, d0, 5
        div_step d0, r10, d0, 4
        div_step d0, r10, d0, 3
        div_step d0, r10, d0, 2
        div_step d0, r10, d0, 1
        div_step d0, r10, d0, 0
below:  jump  r23

        .data
        .balign 8
scalar: .quad 0
        .bss
        .balign 8
buffers: .space 1024*NTASKLETS
